import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { formatBytes } from "../../lib/bytes.ts";
import { AppError } from "../../lib/errors.ts";
import { bytesOfPerson } from "./queries.ts";

// What a person's files take, whatever they are, and may take. Whoever keeps something of somebody's asks here first.

type Needs = Pick<Deps, "config" | "db">;

/** Who hears of it: the person themselves, or an admin who does something of theirs; null is any admin. */
type Told = Pick<User, "id"> | null;

/** Null where there is no limit. */
export function usageOf(deps: Needs, user: User): { usedBytes: number; quotaBytes: number | null } {
  const quota = quotaOf(deps, user);
  return { usedBytes: bytesOfPerson(deps.db, user.id), quotaBytes: quota === Infinity ? null : quota };
}

/** How much more this person may keep, and what stands in the way of more than that. */
export function spaceLeft(
  deps: Needs,
  user: User,
  told: Told = user,
): { bytes: number; exceeded: () => AppError } {
  const quota = quotaOf(deps, user);
  const left = quota - bytesOfPerson(deps.db, user.id);
  return { bytes: Math.max(0, left), exceeded: () => noneLeft(user, told, left, quota) };
}

/** `quota_exceeded` where so much more is more than there is. */
export function requireQuota(deps: Needs, user: User, sizeBytes: number, told: Told = user): void {
  const { bytes, exceeded } = spaceLeft(deps, user, told);
  if (sizeBytes > bytes) throw exceeded();
}

/** Infinity where there is none. */
function quotaOf({ config }: Pick<Deps, "config">, user: User): number {
  return (user.quotaBytes ?? config.uploads.quota) || Infinity;
}

function noneLeft(user: User, told: Told, left: number, quota: number): AppError {
  const words = `${formatBytes(Math.max(0, left))} of ${formatBytes(quota)} are left`;
  if (told?.id === user.id) {
    return new AppError("quota_exceeded", `That is more than you have space for: ${words}.`, {
      hint: "Delete something first, or ask an admin for more.",
    });
  }
  return new AppError("quota_exceeded", `That is more than ${user.name} has space for: ${words}.`, {
    hint: "Delete something of theirs first, or let them have more.",
  });
}
