import { asc, eq, sql } from "drizzle-orm";
import type { Database } from "../../db/open.ts";
import { prepared } from "../../db/prepared.ts";
import { remembered } from "../../db/remembered.ts";
import { users } from "../../db/schema.ts";
import type { User } from "../../db/schema.ts";

const statements = prepared((db) => ({
  byId: db
    .select()
    .from(users)
    .where(eq(users.id, sql.placeholder("id")))
    .prepare(),
}));

const rememberedUsers = remembered<User | null>();

/** Asked for by every request. */
export function findUserById(db: Database, id: string): User | null {
  return rememberedUsers(db, id, () => statements(db).byId.get({ id }) ?? null);
}

/** E-mail addresses are stored in lower case. */
export function findUserByEmail(db: Database, email: string): User | null {
  return db.select().from(users).where(eq(users.email, email)).get() ?? null;
}

export function listUsers(db: Database): User[] {
  return db.select().from(users).orderBy(asc(users.createdAt), asc(users.id)).all();
}

export function hasAnyUser(db: Database): boolean {
  return db.select({ id: users.id }).from(users).limit(1).get() !== undefined;
}

export function insertUser(db: Database, user: typeof users.$inferInsert): User {
  return db.insert(users).values(user).returning().get();
}

export function recordLogin(db: Database, id: string, now: number): void {
  db.update(users).set({ lastLoginAt: now }).where(eq(users.id, id)).run();
}

export function setPasswordHash(db: Database, id: string, passwordHash: string, now: number): void {
  db.update(users)
    .set({ passwordHash, sessionVersion: sql`${users.sessionVersion} + 1`, updatedAt: now })
    .where(eq(users.id, id))
    .run();
}
