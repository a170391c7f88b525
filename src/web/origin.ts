import type { Context } from "hono";
import type { AppEnv } from "./env.ts";

/**
 * Where a link leads that somebody gets to hand over: `server.public_url`, else the address that this very person has
 * open, as their browser says it of itself.
 */
export function originFor(c: Context<AppEnv>): string {
  const { public_url: publicUrl } = c.get("deps").config.server;
  if (publicUrl !== "") return publicUrl;
  const said = c.req.header("origin") ?? "";
  return /^https?:\/\/[^/]+$/.test(said) ? said : new URL(c.req.url).origin;
}
