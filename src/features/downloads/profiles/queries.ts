import { and, asc, eq } from "drizzle-orm";
import type { Database } from "../../../db/open.ts";
import { downloadProfiles } from "../../../db/schema.ts";
import type { DownloadProfile } from "../../../db/schema.ts";

const { id: profileId, userId: profileUser, isDefault, name: profileName } = downloadProfiles;

/** By name. */
export function profilesOf(db: Database, userId: string): DownloadProfile[] {
  return db.select().from(downloadProfiles).where(eq(profileUser, userId)).orderBy(asc(profileName)).all();
}

export function findProfile(db: Database, userId: string, id: string): DownloadProfile | null {
  const mine = and(eq(profileUser, userId), eq(profileId, id));
  return db.select().from(downloadProfiles).where(mine).get() ?? null;
}

export function findProfileByName(db: Database, userId: string, name: string): DownloadProfile | null {
  const mine = and(eq(profileUser, userId), eq(profileName, name));
  return db.select().from(downloadProfiles).where(mine).get() ?? null;
}

export function findDefaultProfile(db: Database, userId: string): DownloadProfile | null {
  const mine = and(eq(profileUser, userId), eq(isDefault, true));
  return db.select().from(downloadProfiles).where(mine).get() ?? null;
}

export function insertProfile(db: Database, profile: typeof downloadProfiles.$inferInsert): void {
  db.insert(downloadProfiles).values(profile).run();
}

export function changeProfile(
  db: Database,
  id: string,
  change: Partial<Omit<DownloadProfile, "id" | "userId">>,
): void {
  db.update(downloadProfiles).set(change).where(eq(profileId, id)).run();
}

/** None of this person's is the default any more. */
export function clearDefaultProfile(db: Database, userId: string): void {
  db.update(downloadProfiles).set({ isDefault: false }).where(eq(profileUser, userId)).run();
}

export function deleteProfileRow(db: Database, id: string): void {
  db.delete(downloadProfiles).where(eq(profileId, id)).run();
}
