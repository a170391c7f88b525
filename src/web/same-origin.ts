import type { MiddlewareHandler } from "hono";
import type { Deps } from "../deps.ts";
import { AppError } from "../lib/errors.ts";
import type { AppEnv } from "./env.ts";
import { bearerToken } from "./session.ts";

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses what another site's page sends in a person's name: an unsafe method must come from our own
 * origin by Sec-Fetch-Site or Origin. Programs send neither, and carry no cookie of ours.
 */
export const sameOrigin: MiddlewareHandler<AppEnv> = async (c, next) => {
  requireSameOrigin(c.get("deps"), c.req.raw);
  await next();
};

export function requireSameOrigin({ config }: Pick<Deps, "config">, request: Request): void {
  const { method, headers } = request;
  const publicUrl = config.server.public_url;
  const host = headers.get("host") ?? undefined;
  requireOurHost(host, publicUrl);
  if (safeMethods.has(method) || isAllowedScript(config, request)) return;
  const allowed = isSameOrigin({
    site: headers.get("sec-fetch-site") ?? undefined,
    origin: headers.get("origin") ?? undefined,
    host,
    publicUrl,
    hasCookie: headers.has("cookie") || hasProxyHeader(config, request),
  });
  if (allowed) return;
  throw new AppError("cross_site", "This request came from another site and was not carried out.", {
    hint: "Open Homereel itself and do it there.",
  });
}

/** A script of a site in `server.cors_origins`, that has a token and no cookie of ours. */
function isAllowedScript({ server }: Pick<Deps["config"], "server">, request: Request): boolean {
  const { headers } = request;
  const isNamed = server.cors_origins.includes(headers.get("origin") ?? "");
  return isNamed && bearerToken(request) !== undefined && !headers.has("cookie");
}

/**
 * What a proxy adds of its own is sent along as a cookie is, whatever page the request came from. A token no
 * browser sends by itself, and where there is one nothing else is looked at.
 */
function hasProxyHeader({ auth }: Pick<Deps["config"], "auth">, request: Request): boolean {
  const { proxy_header: name } = auth;
  return name !== "" && request.headers.has(name) && bearerToken(request) === undefined;
}

/** A foreign Host header is a rebinding name or a misconfigured proxy. */
function requireOurHost(host: string | undefined, publicUrl: string): void {
  if (publicUrl === "" || host === undefined || host === new URL(publicUrl).host || isLoopback(host)) return;
  throw new AppError("cross_site", `Homereel is not served as ${host.slice(0, 100)}.`, {
    hint: `Open ${publicUrl} instead.`,
  });
}

function isLoopback(host: string): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host);
}

export function isSameOrigin(request: {
  site: string | undefined;
  origin: string | undefined;
  host: string | undefined;
  publicUrl: string;
  hasCookie: boolean;
}): boolean {
  const { site, origin, host, publicUrl, hasCookie } = request;
  if (site !== undefined) return site === "same-origin" || (site === "none" && origin === undefined);
  if (origin !== undefined) {
    if (!URL.canParse(origin)) return false;
    return origin === publicUrl || new URL(origin).host === host;
  }
  return !hasCookie;
}
