import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { formatBytes } from "../../lib/bytes.ts";
import { AppError } from "../../lib/errors.ts";
import { may } from "../../lib/permissions.ts";
import { freeBytes, roomFor, storageFull } from "../../storage/free-space.ts";
import type { Allowance } from "../../web/receive-body.ts";
import { bytesStoredOf } from "../videos/videos.ts";
import { bytesAnnounced } from "./queries.ts";

type Needs = Pick<Deps, "config" | "db">;

export function requireMayUpload(user: User): void {
  if (may(user, "videos.upload")) return;
  throw new AppError("not_allowed", "Your account may watch, but not add videos.");
}

/** Before the bytes come: whether so many more of this person may. */
export function requireSpaceFor(deps: Needs, user: User, sizeBytes: number): void {
  const { mostBytes, exceeded } = allowanceOf(deps, user);
  if (sizeBytes > mostBytes) throw exceeded();
}

/** How large a file this person may send now, and what stands in the way of a larger one. */
export function allowanceOf(deps: Needs, user: User): Allowance {
  const { max_size: most } = deps.config.uploads;
  const quota = quotaOf(deps, user);
  const left = quota - usedBytesOf(deps, user);
  const barriers: Allowance[] = [
    { mostBytes: most || Infinity, exceeded: () => tooLargeFile(most) },
    { mostBytes: Math.max(0, left), exceeded: () => noQuotaLeft(left, quota) },
    { mostBytes: roomFor(freeBytes(deps)), exceeded: () => storageFull() },
  ];
  return barriers.reduce((lowest, one) => (one.mostBytes < lowest.mostBytes ? one : lowest));
}

/** Infinity where there is none. */
function quotaOf({ config }: Pick<Deps, "config">, user: User): number {
  return (user.quotaBytes ?? config.uploads.quota) || Infinity;
}

/** All that a person's files take, and what is announced. */
function usedBytesOf(deps: Pick<Deps, "db">, user: User): number {
  return bytesStoredOf(deps, user.id) + bytesAnnounced(deps.db, user.id);
}

/** What a person's files take and may take; null where there is no limit. */
export function usageOf(deps: Needs, user: User): { usedBytes: number; quotaBytes: number | null } {
  const quota = quotaOf(deps, user);
  return { usedBytes: usedBytesOf(deps, user), quotaBytes: quota === Infinity ? null : quota };
}

export function requireQuota(deps: Needs, user: User, sizeBytes: number): void {
  const quota = quotaOf(deps, user);
  const left = quota - usedBytesOf(deps, user);
  if (sizeBytes > left) throw noQuotaLeft(left, quota);
}

function tooLargeFile(most: number): AppError {
  return new AppError(
    "too_large",
    `The file is larger than ${formatBytes(most)}, the most that may be sent.`,
    {
      hint: "Send a smaller one, or ask an admin to allow more.",
    },
  );
}

function noQuotaLeft(left: number, quota: number): AppError {
  const words = `${formatBytes(Math.max(0, left))} of ${formatBytes(quota)} are left`;
  return new AppError("quota_exceeded", `That is more than you have space for: ${words}.`, {
    hint: "Delete something first, or ask an admin for more.",
  });
}
