import type { Context, MiddlewareHandler } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { User } from "../db/schema.ts";
import type { Deps } from "../deps.ts";
import { AppError } from "../lib/errors.ts";
import type { AppEnv } from "./env.ts";

export interface Verified {
  user: User;
  refreshed: { token: string; expiresAt: number } | null;
}

/** Finds out who asks, from the session cookie or `Authorization: Bearer`, and keeps a used session alive. */
export function authenticate(
  verify: (deps: Deps, token: string) => Promise<Verified | null>,
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const bearer = bearerToken(c.req.header("authorization"));
    const token = bearer ?? sessionCookie(c);
    const verified = token === undefined ? null : await verify(c.get("deps"), token);
    c.set("user", verified?.user ?? null);
    await next();
    // Afterwards: a response that a handler made itself does not carry what was set on the context before.
    if (verified?.refreshed && bearer === undefined) setSessionCookie(c, verified.refreshed);
  };
}

/** The person who asks; `login_required` for nobody. */
export function requireUser(c: Context<AppEnv>): User {
  const user = c.get("user");
  if (user) return user;
  throw new AppError("login_required", "Log in first.", { hint: "Log in and try again." });
}

export function setSessionCookie(c: Context<AppEnv>, session: { token: string; expiresAt: number }): void {
  setCookie(c, cookieName(c), session.token, {
    ...cookieOptions(c),
    maxAge: Math.max(0, Math.floor((session.expiresAt - c.get("deps").now()) / 1000)),
  });
}

export function clearSessionCookie(c: Context<AppEnv>): void {
  deleteCookie(c, cookieName(c), cookieOptions(c));
}

function sessionCookie(c: Context<AppEnv>): string | undefined {
  return getCookie(c, cookieName(c));
}

/** `__Host-` ties the cookie to this very host, but browsers take it over TLS only. */
function cookieName(c: Context<AppEnv>): string {
  return isSecure(c) ? "__Host-homereel" : "homereel";
}

function cookieOptions(c: Context<AppEnv>) {
  return { path: "/", httpOnly: true, sameSite: "Lax", secure: isSecure(c) } as const;
}

function isSecure(c: Context<AppEnv>): boolean {
  return c.get("deps").config.server.public_url.startsWith("https:");
}

function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(header ?? "")?.[1];
}
