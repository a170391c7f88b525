import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { formatBytes } from "../../lib/bytes.ts";
import { AppError } from "../../lib/errors.ts";
import { may } from "../../lib/permissions.ts";
import { requireRoom } from "../../storage/free-space.ts";
import { bytesStoredOf } from "../videos/videos.ts";
import { bytesAnnounced } from "./queries.ts";

type Needs = Pick<Deps, "config" | "db">;

export function requireMayUpload(user: User): void {
  if (may(user, "videos.upload")) return;
  throw new AppError("not_allowed", "Your account may watch, but not add videos.");
}

/** Before the bytes come: whether so many more of this person may. */
export function requireSpaceFor(deps: Needs, user: User, sizeBytes: number): void {
  const most = mostBytesOfFile(deps);
  if (sizeBytes > most) throw tooLargeFile(most);
  requireQuota(deps, user, sizeBytes);
  requireRoom(deps, sizeBytes);
}

export function mostBytesOfFile({ config }: Pick<Deps, "config">): number {
  return config.uploads.max_size || Number.MAX_SAFE_INTEGER;
}

export function tooLargeFile(most: number): AppError {
  return new AppError(
    "too_large",
    `The file is larger than ${formatBytes(most)}, the most that may be sent.`,
    {
      hint: "Send a smaller one, or ask an admin to allow more.",
    },
  );
}

/** All that a person's files take, what is under way counted in, and how much they may. */
export function usageOf(deps: Needs, user: User): { usedBytes: number; quotaBytes: number | null } {
  const usedBytes = bytesStoredOf(deps, user.id) + bytesAnnounced(deps.db, user.id);
  return { usedBytes, quotaBytes: (user.quotaBytes ?? deps.config.uploads.quota) || null };
}

export function requireQuota(deps: Needs, user: User, sizeBytes: number): void {
  const { usedBytes, quotaBytes } = usageOf(deps, user);
  if (quotaBytes === null || usedBytes + sizeBytes <= quotaBytes) return;
  const left = formatBytes(Math.max(0, quotaBytes - usedBytes));
  throw new AppError(
    "quota_exceeded",
    `That is more than you have space for: ${left} of ${formatBytes(quotaBytes)} are left.`,
    {
      hint: "Delete something first, or ask an admin for more.",
    },
  );
}
