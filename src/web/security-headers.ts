import type { MiddlewareHandler } from "hono";
import type { Config } from "../config.ts";
import type { Deps } from "../deps.ts";
import { goDirectly } from "../storage/arrivals.ts";
import { s3Options } from "../storage/s3/configured.ts";
import { bucketOrigin } from "../storage/s3/options.ts";
import type { AppEnv } from "./env.ts";

/**
 * A strict Content-Security-Policy with a nonce for each response, and the headers that go with it. They
 * are set on the finished response: wrapping it in a new one would give up sendfile. What a handler set
 * itself stays.
 */
export const securityHeaders: MiddlewareHandler<AppEnv> = async (c, next) => {
  const nonce = newNonce();
  c.set("nonce", nonce);
  await next();
  const { config } = c.get("deps");
  const { headers } = c.res;
  for (const [name, value] of Object.entries(fixedHeaders(config))) headers.set(name, value);
  if (!headers.has("Content-Security-Policy")) {
    headers.set("Content-Security-Policy", contentSecurityPolicy(nonce, config));
  }
  // Pages are one person's: no cache between may keep them, and the browser asks again.
  if (!headers.has("Cache-Control")) headers.set("Cache-Control", "private, no-cache");
};

/** The same for bytes of a video, which are no page and run no script: without a nonce. */
export function mediaHeaders({ config }: Pick<Deps, "config">): Record<string, string> {
  return { ...fixedHeaders(config), "content-security-policy": mediaPolicy };
}

function fixedHeaders({ server }: Config): Record<string, string> {
  const isSecure = server.public_url.startsWith("https:");
  return {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    ...(isSecure ? { "strict-transport-security": "max-age=31536000" } : {}),
  };
}

// Who opens the address itself gets the browser's own player page, which plays from that address.
const mediaPolicy =
  "default-src 'none'; media-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/** The bucket's origin with a space before it, where browsers are sent there; else nothing. */
function bucketSource(config: Config): string {
  const { bucket, proxy } = config["storage.s3"];
  return bucket === "" || proxy ? "" : ` ${bucketOrigin(s3Options(config))}`;
}

function contentSecurityPolicy(nonce: string, config: Config): string {
  const bucket = bucketSource(config);
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    "style-src 'self'",
    `img-src 'self' blob: data:${bucket}`,
    `media-src 'self' blob:${bucket}`,
    // Scripts speak to it only to send files.
    `connect-src 'self'${goDirectly(config) ? bucket : ""}`,
    "font-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function newNonce(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64url");
}
