import type { Context, MiddlewareHandler } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import type { User } from "../db/schema.ts";
import type { Deps } from "../deps.ts";
import { AppError } from "../lib/errors.ts";
import type { AppEnv } from "./env.ts";

export interface Verified {
  user: User;
  refreshed: { token: string; expiresAt: number } | null;
}

export type Verify = (deps: Deps, token: string) => Promise<Verified | null>;

/** Finds out who asks, and keeps a used session alive. */
export function authenticate(verify: Verify): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const verified = await identify(c.get("deps"), c.req.raw, verify);
    c.set("user", verified?.user ?? null);
    await next();
    // Afterwards: a response that a handler made itself does not carry what was set on the context before.
    if (verified?.refreshed) setSessionCookie(c, verified.refreshed);
  };
}

/** Who asks, by `Authorization: Bearer` or the session cookie; only the cookie is ever refreshed. */
export async function identify(deps: Deps, { headers }: Request, verify: Verify): Promise<Verified | null> {
  const bearer = bearerToken(headers.get("authorization"));
  const token = bearer ?? cookieIn(headers.get("cookie"), cookieName(deps));
  if (token === undefined) return null;
  const verified = await verify(deps, token);
  return verified && bearer !== undefined ? { ...verified, refreshed: null } : verified;
}

/** The token of the session cookie, where nothing else says who asks. */
export function tokenOfCookie(deps: Pick<Deps, "config">, { headers }: Request): string | undefined {
  return headers.has("authorization") ? undefined : cookieIn(headers.get("cookie"), cookieName(deps));
}

/** The person who asks; `login_required` for nobody. */
export function requireUser(c: Context<AppEnv>): User {
  const user = c.get("user");
  if (user) return user;
  throw new AppError("login_required", "Log in first.", { hint: "Log in and try again." });
}

export function setSessionCookie(c: Context<AppEnv>, session: { token: string; expiresAt: number }): void {
  setCookie(c, cookieName(c.get("deps")), session.token, {
    ...cookieOptions(c),
    maxAge: Math.max(0, Math.floor((session.expiresAt - c.get("deps").now()) / 1000)),
  });
}

export function clearSessionCookie(c: Context<AppEnv>): void {
  deleteCookie(c, cookieName(c.get("deps")), cookieOptions(c));
}

/** Of this one name: hono parses and decodes all of them, which takes as long as all the rest of a range request. */
function cookieIn(header: string | null, name: string): string | undefined {
  for (const pair of header?.split(";") ?? []) {
    const trimmed = pair.trim();
    if (trimmed.startsWith(name) && trimmed[name.length] === "=") return trimmed.slice(name.length + 1);
  }
  return undefined;
}

/** `__Host-` ties the cookie to this very host, but browsers take it over TLS only. */
function cookieName(deps: Pick<Deps, "config">): string {
  return isSecure(deps) ? "__Host-homereel" : "homereel";
}

function cookieOptions(c: Context<AppEnv>) {
  return { path: "/", httpOnly: true, sameSite: "Lax", secure: isSecure(c.get("deps")) } as const;
}

function isSecure({ config }: Pick<Deps, "config">): boolean {
  return config.server.public_url.startsWith("https:");
}

function bearerToken(header: string | null): string | undefined {
  return /^Bearer +(\S+)$/i.exec(header ?? "")?.[1];
}
