import { and, desc, eq, gt, isNotNull, lte, ne, sql } from "drizzle-orm";
import type { Database } from "../../../db/open.ts";
import { prepared } from "../../../db/prepared.ts";
import { remembered } from "../../../db/remembered.ts";
import { apiTokens, sessions, users } from "../../../db/schema.ts";
import type { ApiToken, Session, User } from "../../../db/schema.ts";

const statements = prepared((db) => ({
  session: db
    .select({ session: sessions, user: users })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(eq(sessions.id, sql.placeholder("id")))
    .prepare(),
  token: db
    .select({ token: apiTokens, user: users })
    .from(apiTokens)
    .innerJoin(users, eq(users.id, apiTokens.userId))
    .where(eq(apiTokens.tokenHash, sql.placeholder("hash")))
    .prepare(),
}));

const rememberedSessions = remembered<{ found: { session: Session; user: User } | null }>();
const rememberedTokens = remembered<{ found: { token: ApiToken; user: User } | null }>();

/** Asked for by every request. */
export function findSession(db: Database, id: string): { session: Session; user: User } | null {
  return rememberedSessions(db, id, () => ({ found: statements(db).session.get({ id }) ?? null })).found;
}

export function findApiToken(db: Database, hash: string): { token: ApiToken; user: User } | null {
  return rememberedTokens(db, hash, () => ({ found: statements(db).token.get({ hash }) ?? null })).found;
}

export function insertSession(db: Database, session: Session): void {
  db.insert(sessions).values(session).run();
}

export function changeSession(db: Database, id: string, change: Partial<Session>): void {
  db.update(sessions).set(change).where(eq(sessions.id, id)).run();
}

/** Those that hold, the one used last first. */
export function sessionsOf(db: Database, userId: string, now: number): Session[] {
  return db
    .select()
    .from(sessions)
    .where(and(eq(sessions.userId, userId), gt(sessions.expiresAt, now)))
    .orderBy(desc(sessions.lastUsedAt), desc(sessions.id))
    .all();
}

/** Whether there was one. */
export function deleteSession(db: Database, userId: string, id: string): boolean {
  return (
    db
      .delete(sessions)
      .where(and(eq(sessions.id, id), eq(sessions.userId, userId)))
      .run().changes > 0
  );
}

export function deleteSessionsOf(db: Database, userId: string, except?: string): void {
  db.delete(sessions)
    .where(and(eq(sessions.userId, userId), except === undefined ? undefined : ne(sessions.id, except)))
    .run();
}

export function deleteExpiredSessions(db: Database, now: number): void {
  db.delete(sessions).where(lte(sessions.expiresAt, now)).run();
}

export function insertApiToken(db: Database, token: ApiToken): void {
  db.insert(apiTokens).values(token).run();
}

export function apiTokensOf(db: Database, userId: string): ApiToken[] {
  return db
    .select()
    .from(apiTokens)
    .where(eq(apiTokens.userId, userId))
    .orderBy(desc(apiTokens.createdAt), desc(apiTokens.id))
    .all();
}

export function touchApiToken(db: Database, id: string, now: number): void {
  db.update(apiTokens).set({ lastUsedAt: now }).where(eq(apiTokens.id, id)).run();
}

/** The one that was there. */
export function deleteApiToken(db: Database, userId: string, id: string): ApiToken | null {
  return (
    db
      .delete(apiTokens)
      .where(and(eq(apiTokens.id, id), eq(apiTokens.userId, userId)))
      .returning()
      .get() ?? null
  );
}

export function expiredApiTokens(db: Database, now: number): ApiToken[] {
  return db
    .select()
    .from(apiTokens)
    .where(and(isNotNull(apiTokens.expiresAt), lte(apiTokens.expiresAt, now)))
    .all();
}
