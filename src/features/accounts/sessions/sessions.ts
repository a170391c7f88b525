import { withReserve } from "../../../db/reserve.ts";
import type { Session, User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { AppError } from "../../../lib/errors.ts";
import { newId } from "../../../lib/ids.ts";
import { requireMay } from "../../../lib/permissions.ts";
import type { SessionClaims } from "../../../web/session-token.ts";
import { noteAudit, tryToWrite } from "../audit/audit.ts";
import { nameOfDevice } from "./device.ts";
import { raiseSessionVersion } from "../queries.ts";
import {
  changeSession,
  deleteSession,
  deleteSessionsOf,
  findSession,
  insertSession,
  sessionsOf,
} from "./queries.ts";

export interface StartedSession {
  user: User;
  id: string;
  /** For the cookie, or for `Authorization: Bearer`. */
  token: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

type SessionNeeds = Pick<Deps, "db" | "now" | "from" | "sessions" | "config">;

/** A used session gets a new token after this much of the old one's life: 1 hour. */
const refreshAfterMs = 3_600_000;
/** How exactly "last used" is known: 5 minutes. */
const touchAfterMs = 5 * 60_000;

/** Lets somebody in whose right to it was checked. */
export async function startSession(deps: SessionNeeds, user: User): Promise<StartedSession> {
  const { config, db, now, from } = deps;
  const id = newId();
  const device = await nameOfDevice(from.userAgent);
  const signed = await signToken(deps, user, id);
  const session = {
    id,
    userId: user.id,
    device,
    address: from.address,
    createdAt: now(),
    lastUsedAt: now(),
    expiresAt: signed.expiresAt,
  };
  // On a full disk somebody has to get in to delete something.
  withReserve(config.data.dir, () => insertSession(db, session));
  return { user, id, ...signed };
}

export interface OpenSession {
  user: User;
  id: string;
  refreshed: StartedSession | null;
}

/**
 * Whose session a token is; null where it is nobody's any more. `refreshed` is a new token where the old one has been
 * in use for a while and `renew` is wished, so that a session lasts as long as it is used.
 */
export async function openSession(
  deps: SessionNeeds & Pick<Deps, "log">,
  token: string,
  { renew }: { renew: boolean },
): Promise<OpenSession | null> {
  const claims = await deps.sessions.read(token, deps.now());
  const found = claims && findOpen(deps, claims);
  if (!found) return null;
  const { user, session } = found;
  const isDue = renew && isDueForRefresh(deps, claims);
  const refreshed = isDue ? { user, id: session.id, ...(await signToken(deps, user, session.id)) } : null;
  if (refreshed || isDueForTouch(deps, session)) touch(deps, session, refreshed?.expiresAt);
  return { user, id: session.id, refreshed };
}

/** The same at once, for tokens that were verified before, where nothing is due; null for all others. */
export function recallSession(deps: Pick<Deps, "db" | "now" | "sessions">, token: string): User | null {
  const claims = deps.sessions.recall(token, deps.now());
  if (!claims || isDueForRefresh(deps, claims)) return null;
  const found = findOpen(deps, claims);
  return found && !isDueForTouch(deps, found.session) ? found.user : null;
}

/** A new token for a session that is in use, for programs that hold it themselves. */
export async function refreshSession(deps: SessionNeeds, user: User, id: string): Promise<StartedSession> {
  const signed = await signToken(deps, user, id);
  changeSession(deps.db, id, { expiresAt: signed.expiresAt, lastUsedAt: deps.now() });
  return { user, id, ...signed };
}

/** Whether the session that a stream was opened with still holds: for what stays open longer than a request. */
export function isOpenSession({ db, now }: Pick<Deps, "db" | "now">, then: User, id: string): boolean {
  const found = findSession(db, id);
  if (!found || found.session.expiresAt <= now()) return false;
  return isSameLogin(found.user, then.sessionVersion);
}

export function listSessions({ db, now }: Pick<Deps, "db" | "now">, user: User): Session[] {
  return sessionsOf(db, user.id, now());
}

/** Ends one session of one's own. */
export function endSession(deps: Pick<Deps, "db" | "now" | "from">, user: User, id: string): void {
  deps.db.transaction(() => {
    const session = findSession(deps.db, id)?.session;
    if (!session || !deleteSession(deps.db, user.id, id)) {
      throw new AppError("not_found", "There is no such session.", { hint: "It may have ended already." });
    }
    noteAudit(deps, { action: "sessions.end", actor: user, detail: session.device });
  });
}

/** The session that asks ends itself. */
export function logOut(deps: Pick<Deps, "db" | "now" | "from">, user: User, id: string): void {
  deps.db.transaction(() => {
    if (deleteSession(deps.db, user.id, id)) noteAudit(deps, { action: "logout", actor: user });
  });
}

/** Ends all sessions of an account, also those that are only being started. `by` is who wants it. */
export function endAllSessions(deps: Pick<Deps, "db" | "now" | "from">, by: User | null, user: User): void {
  if (by?.id !== user.id) requireMay(by, "people.manage");
  deps.db.transaction(() => {
    closeSessions(deps, user.id);
    noteAudit(deps, {
      action: "sessions.end_all",
      actor: by,
      subject: { kind: "account", id: user.id, name: user.email },
    });
  });
}

/** Within a change to the account that no earlier session may survive. */
export function closeSessions({ db, now }: Pick<Deps, "db" | "now">, userId: string): void {
  raiseSessionVersion(db, userId, now());
  deleteSessionsOf(db, userId);
}

async function signToken(
  { now, sessions, config }: Pick<Deps, "now" | "sessions" | "config">,
  user: User,
  id: string,
) {
  const hours = config.auth.session_hours;
  const time = now();
  const token = await sessions.sign(
    { id: user.id, sessionVersion: user.sessionVersion, sessionId: id },
    time,
    hours,
  );
  return { token, expiresAt: time + hours * 3_600_000 };
}

function findOpen({ db }: Pick<Deps, "db">, claims: SessionClaims): { session: Session; user: User } | null {
  const found = findSession(db, claims.sessionId);
  if (!found || found.user.id !== claims.userId) return null;
  return isSameLogin(found.user, claims.sessionVersion) ? found : null;
}

function isSameLogin(user: User, sessionVersion: number): boolean {
  return user.disabledAt === null && user.sessionVersion === sessionVersion;
}

function isDueForRefresh({ now }: Pick<Deps, "now">, { issuedAt }: SessionClaims): boolean {
  return now() - issuedAt * 1000 > refreshAfterMs;
}

function isDueForTouch({ now }: Pick<Deps, "now">, { lastUsedAt }: Session): boolean {
  return now() - lastUsedAt > touchAfterMs;
}

function touch(
  deps: SessionNeeds & Pick<Deps, "log">,
  session: Session,
  expiresAt = session.expiresAt,
): void {
  const { db, now, from } = deps;
  tryToWrite(deps, () =>
    changeSession(db, session.id, { lastUsedAt: now(), expiresAt, address: from.address || session.address }),
  );
}
