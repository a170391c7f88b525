import { and, desc, eq, gt, isNull, lte } from "drizzle-orm";
import type { Database } from "../../../db/open.ts";
import { accountLinks } from "../../../db/schema.ts";
import type { AccountLink, LinkKind } from "../../../db/schema.ts";

export function insertLink(db: Database, link: AccountLink): void {
  db.insert(accountLinks).values(link).run();
}

export function findLinkById(db: Database, id: string): AccountLink | null {
  return db.select().from(accountLinks).where(eq(accountLinks.id, id)).get() ?? null;
}

export function findLinkByHash(db: Database, kind: LinkKind, tokenHash: string): AccountLink | null {
  const where = and(eq(accountLinks.kind, kind), eq(accountLinks.tokenHash, tokenHash));
  return db.select().from(accountLinks).where(where).get() ?? null;
}

/** False where it was used, or is gone. */
export function setLinkHash(db: Database, id: string, tokenHash: string): boolean {
  const where = and(eq(accountLinks.id, id), isNull(accountLinks.usedAt));
  return db.update(accountLinks).set({ tokenHash }).where(where).run().changes > 0;
}

/** False where somebody else was quicker. */
export function useLink(db: Database, id: string, now: number): boolean {
  const where = and(eq(accountLinks.id, id), isNull(accountLinks.usedAt));
  return db.update(accountLinks).set({ usedAt: now }).where(where).run().changes > 0;
}

/** Whether there was one. */
export function deleteLink(db: Database, id: string): boolean {
  return db.delete(accountLinks).where(eq(accountLinks.id, id)).run().changes > 0;
}

/** Those that have not been used. */
export function deleteOpenLinksOf(db: Database, userId: string, kind: LinkKind): void {
  const { userId: user, kind: column, usedAt } = accountLinks;
  db.delete(accountLinks)
    .where(and(eq(user, userId), eq(column, kind), isNull(usedAt)))
    .run();
}

/** Those that can still be used, newest first. */
export function openLinks(db: Database, kind: LinkKind, now: number): AccountLink[] {
  const { kind: column, usedAt, expiresAt, createdAt, id } = accountLinks;
  return db
    .select()
    .from(accountLinks)
    .where(and(eq(column, kind), isNull(usedAt), gt(expiresAt, now)))
    .orderBy(desc(createdAt), desc(id))
    .all();
}

/** Used ones too, once their time is over. */
export function deleteLinksBefore(db: Database, now: number): void {
  db.delete(accountLinks).where(lte(accountLinks.expiresAt, now)).run();
}
