import type { MiddlewareHandler } from "hono";
import { AppError } from "../lib/errors.ts";
import type { AppEnv } from "./env.ts";

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses what another site's page sends in a person's name: an unsafe method must come from our own
 * origin by Sec-Fetch-Site or Origin. Programs send neither, and carry no cookie of ours.
 */
export const sameOrigin: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { public_url } = c.get("deps").config.server;
  requireOurHost(c.req.header("host"), public_url);
  if (!safeMethods.has(c.req.method)) {
    const allowed = isSameOrigin({
      site: c.req.header("sec-fetch-site"),
      origin: c.req.header("origin"),
      host: c.req.header("host"),
      publicUrl: public_url,
      hasCookie: c.req.header("cookie") !== undefined,
    });
    if (!allowed) {
      throw new AppError("cross_site", "This request came from another site and was not carried out.", {
        hint: "Open Homereel itself and do it there.",
      });
    }
  }
  await next();
};

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
