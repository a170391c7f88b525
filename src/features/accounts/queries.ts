import { and, count, eq, isNull, ne, or, sql } from "drizzle-orm";
import type { SQL } from "drizzle-orm";
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

export function findUserById(db: Database, id: string): User | null {
  return rememberedUsers(db, id, () => statements(db).byId.get({ id }) ?? null);
}

/** E-mail addresses are stored in lower case. */
export function findUserByEmail(db: Database, email: string): User | null {
  return db.select().from(users).where(eq(users.email, email)).get() ?? null;
}

/** By name, those whose name or e-mail holds `q`, after the one that the page before ended with. */
export function pageOfUsers(
  db: Database,
  q: string,
  limit: number,
  after: Pick<User, "name" | "id"> | null,
): User[] {
  const order = sql`lower(${users.name}), ${users.id}`;
  const rest = after ? sql`(${order}) > (lower(${after.name}), ${after.id})` : undefined;
  return db
    .select()
    .from(users)
    .where(and(named(q), rest))
    .orderBy(order)
    .limit(limit)
    .all();
}

export function countUsers(db: Database, q: string): number {
  return db.select({ total: count() }).from(users).where(named(q)).get()?.total ?? 0;
}

function named(q: string): SQL | undefined {
  const holds = (column: typeof users.name | typeof users.email) =>
    sql`instr(fold(${column}), fold(${q})) > 0`;
  return q === "" ? undefined : or(holds(users.name), holds(users.email));
}

export function hasAnyUser(db: Database): boolean {
  return db.select({ id: users.id }).from(users).limit(1).get() !== undefined;
}

/** Admins who can log in, without one of them. */
export function countAdmins(db: Database, except: string): number {
  const { role, disabledAt, id } = users;
  const where = and(eq(role, "admin"), isNull(disabledAt), ne(id, except));
  return db.select({ total: count() }).from(users).where(where).get()?.total ?? 0;
}

export function insertUser(db: Database, user: typeof users.$inferInsert): User {
  return db.insert(users).values(user).returning().get();
}

export function changeUser(db: Database, id: string, change: Partial<User>): void {
  db.update(users).set(change).where(eq(users.id, id)).run();
}

/** Sessions, tokens and links go with it. */
export function deleteUserRow(db: Database, id: string): void {
  db.delete(users).where(eq(users.id, id)).run();
}

export function recordLogin(db: Database, id: string, now: number): void {
  db.update(users).set({ lastLoginAt: now }).where(eq(users.id, id)).run();
}

/** The same password, kept in another way: no session ends. */
export function replacePasswordHash(db: Database, id: string, old: string, passwordHash: string): void {
  db.update(users)
    .set({ passwordHash })
    .where(and(eq(users.id, id), eq(users.passwordHash, old)))
    .run();
}

/** No session token that was made before is worth anything then. */
export function raiseSessionVersion(db: Database, id: string, now: number): void {
  db.update(users)
    .set({ sessionVersion: sql`${users.sessionVersion} + 1`, updatedAt: now })
    .where(eq(users.id, id))
    .run();
}
