import type { Server } from "bun";
import type { Context, MiddlewareHandler } from "hono";
import { deleteCookie, setCookie } from "hono/cookie";
import type { User } from "../db/schema.ts";
import type { Deps } from "../deps.ts";
import { AppError } from "../lib/errors.ts";
import type { Scope } from "../lib/permissions.ts";
import type { AppEnv } from "./env.ts";

/** What somebody came in with. */
export type Credential =
  | { kind: "session"; id: string }
  | { kind: "token"; id: string; scopes: readonly Scope[] }
  /** The word of a trusted proxy. */
  | { kind: "proxy" };

export interface Identity {
  user: User;
  credential: Credential;
  /** A new token for the session cookie. */
  refreshed: { token: string; expiresAt: number } | null;
}

export type Identify = (deps: Deps, request: Request, server?: Server<unknown>) => Promise<Identity | null>;

/** Finds out who asks, and keeps a used session alive. */
export function authenticate(identify: Identify): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const identity = await identify(c.get("deps"), c.req.raw, c.env?.server);
    c.set("user", identity?.user ?? null);
    c.set("credential", identity?.credential ?? null);
    await next();
    // Afterwards: a response that a handler made itself does not carry what was set on the context before.
    if (identity?.refreshed && !setsSession(c)) setSessionCookie(c, identity.refreshed);
  };
}

/** Logging out, or in as somebody else, is not to be undone by the renewal of what was before. */
function setsSession(c: Context<AppEnv>): boolean {
  return c.res.headers.getSetCookie().some((cookie) => cookie.startsWith(`${cookieName(c.get("deps"))}=`));
}

/** The token of `Authorization: Bearer` (RFC 6750). */
export function bearerToken({ headers }: Request): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
}

export function cookieToken(deps: Pick<Deps, "config">, { headers }: Request): string | undefined {
  return cookieIn(headers.get("cookie"), cookieName(deps));
}

/** The same, where nothing else can say who asks. */
export function onlyCookieToken(deps: Pick<Deps, "config">, request: Request): string | undefined {
  if (deps.config.auth.proxy_header !== "" || request.headers.has("authorization")) return undefined;
  return cookieToken(deps, request);
}

/** The person who asks; `login_required` for nobody. */
export function requireUser(c: Context<AppEnv>): User {
  const user = c.get("user");
  if (user) return user;
  throw new AppError("login_required", "Log in first.", { hint: "Log in and try again." });
}

/** What the person who asks came in with; `login_required` for nobody. */
export function requireCredential(c: Context<AppEnv>): Credential {
  requireUser(c);
  return c.get("credential") ?? { kind: "proxy" };
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
