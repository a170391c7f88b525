import type { Server } from "bun";
import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { isFromTrustedProxy } from "../../../web/client-address.ts";
import { bearerToken, cookieToken } from "../../../web/session.ts";
import type { Identity } from "../../../web/session.ts";
import { noteAudit, tryToWrite } from "../audit/audit.ts";
import { emailSchema } from "../input.ts";
import { createUser, needsSetup } from "../people.ts";
import { recordLogin, findUserByEmail } from "../queries.ts";
import { openSession } from "./sessions.ts";
import { looksLikeApiToken, verifyApiToken } from "./tokens.ts";

type Needs = Pick<Deps, "db" | "now" | "from" | "sessions" | "config" | "log">;
/** Undefined where a request does not say who asks in this way; null where it does, and is not believed. */
type Way = (deps: Needs, request: Request, server?: Server<unknown>) => Promise<Identity | null | undefined>;

/** Tried in this order; the first that has something to say decides. */
const ways: readonly Way[] = [byBearer, byProxyHeader, byCookie];

/** Who asks. Other ways in (OpenID Connect, passkeys) end in a session, and need no way of their own here. */
export async function identify(
  deps: Needs,
  request: Request,
  server?: Server<unknown>,
): Promise<Identity | null> {
  for (const way of ways) {
    const identity = await way(deps, request, server);
    if (identity !== undefined) return identity;
  }
  return null;
}

async function byBearer(deps: Needs, request: Request): Promise<Identity | null | undefined> {
  const token = bearerToken(request);
  if (token === undefined) return undefined;
  if (looksLikeApiToken(token)) return byApiToken(deps, token);
  // A program holds its token itself and asks for a new one: /auth/refresh.
  const open = await openSession(deps, token, { renew: false });
  return open && { user: open.user, credential: { kind: "session", id: open.id }, refreshed: null };
}

function byApiToken(deps: Needs, text: string): Identity | null {
  const found = verifyApiToken(deps, text);
  if (!found) return null;
  const { id, scopes } = found.token;
  return {
    user: withoutPower(found.user, scopes),
    credential: { kind: "token", id, scopes },
    refreshed: null,
  };
}

/** An admin's token that may not administer is no admin's: it sees and changes what a user may. */
function withoutPower(user: User, scopes: readonly string[]): User {
  return user.role === "admin" && !scopes.includes("admin") ? { ...user, role: "user" } : user;
}

async function byProxyHeader(deps: Needs, request: Request, server?: Server<unknown>) {
  const email = emailFromProxy(deps, request, server);
  if (email === undefined) return undefined;
  const user = findUserByEmail(deps.db, email) ?? (await newcomer(deps, email));
  if (!user || user.disabledAt !== null) return null;
  notePresence(deps, user);
  return { user, credential: { kind: "proxy" }, refreshed: null } as const;
}

function emailFromProxy(deps: Needs, request: Request, server?: Server<unknown>): string | undefined {
  const name = deps.config.auth.proxy_header;
  if (name === "" || !isFromTrustedProxy(deps, request, server)) return undefined;
  return request.headers.get(name)?.trim().toLowerCase() || undefined;
}

/**
 * Has no password: nobody logs in to it but through the proxy, until a password is set. The first account is no
 * newcomer's: it would close the set-up link, and no admin could be made any more.
 */
async function newcomer(deps: Needs, email: string): Promise<User | null> {
  const role = deps.config.auth.proxy_new_accounts;
  if (role === "none" || needsSetup(deps) || !emailSchema.safeParse(email).success) return null;
  return createUser(deps, null, { name: email.split("@")[0]?.slice(0, 100), email, role });
}

/** Such sign-ins have no beginning; once a day is enough to know that somebody was there. */
function notePresence(deps: Needs, user: User): void {
  if (deps.now() - (user.lastLoginAt ?? 0) < 86_400_000) return;
  tryToWrite(deps, () =>
    deps.db.transaction(() => {
      recordLogin(deps.db, user.id, deps.now());
      noteAudit(deps, { action: "login.proxy", actor: user });
    }),
  );
}

async function byCookie(deps: Needs, request: Request): Promise<Identity | null | undefined> {
  const token = cookieToken(deps, request);
  if (token === undefined) return undefined;
  const open = await openSession(deps, token, { renew: true });
  return open && { user: open.user, credential: { kind: "session", id: open.id }, refreshed: open.refreshed };
}
