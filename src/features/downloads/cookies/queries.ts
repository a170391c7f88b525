import { eq, inArray } from "drizzle-orm";
import type { Database } from "../../../db/open.ts";
import { cookieJars } from "../../../db/schema.ts";
import type { CookieJar } from "../../../db/schema.ts";

export function allJars(db: Database): CookieJar[] {
  return db.select().from(cookieJars).orderBy(cookieJars.site).all();
}

/** Those of the given names that there are. */
export function findJars(db: Database, sites: readonly string[]): CookieJar[] {
  return db
    .select()
    .from(cookieJars)
    .where(inArray(cookieJars.site, [...sites]))
    .all();
}

/** A new jar takes the place of the old one, and nothing is known of it yet. */
export function putJar(db: Database, jar: Omit<CookieJar, "testedAt" | "testError">): void {
  const row = { ...jar, testedAt: null, testError: null };
  db.insert(cookieJars).values(row).onConflictDoUpdate({ target: cookieJars.site, set: row }).run();
}

/** Only while it is the jar that was tested. */
export function noteTest(
  db: Database,
  { site, addedAt }: Pick<CookieJar, "site" | "addedAt">,
  result: Pick<CookieJar, "testedAt" | "testError">,
): void {
  const [jar] = findJars(db, [site]);
  if (jar?.addedAt === addedAt) db.update(cookieJars).set(result).where(eq(cookieJars.site, site)).run();
}

/** Whether there was one. */
export function deleteJar(db: Database, site: string): boolean {
  return db.delete(cookieJars).where(eq(cookieJars.site, site)).run().changes > 0;
}
