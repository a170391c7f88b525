import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { formatBytes } from "../../lib/bytes.ts";
import { AppError } from "../../lib/errors.ts";
import { may } from "../../lib/permissions.ts";
import { freeBytes, roomFor, storageFull } from "../../storage/free-space.ts";
import type { Allowance } from "../../web/receive-body.ts";
import { spaceLeft } from "../space/space.ts";

type Needs = Pick<Deps, "config" | "db">;

/** Here and below, `told` is null where not they but admins are told of it. */
export function requireMayUpload(user: User, told: User | null = user): void {
  if (may(user, "videos.upload")) return;
  const whose = told === null ? `The account of ${user.name}` : "Your account";
  throw new AppError("not_allowed", `${whose} may watch, but not add videos.`);
}

/** Before the bytes come: whether so many more of this person may. */
export function requireSpaceFor(deps: Needs, user: User, sizeBytes: number, told: User | null = user): void {
  const { mostBytes, exceeded } = allowanceOf(deps, user, told);
  if (sizeBytes > mostBytes) throw exceeded();
}

/** How large a file this person may send now, and what stands in the way of a larger one. */
export function allowanceOf(deps: Needs, user: User, told: User | null = user): Allowance {
  const { max_size: most } = deps.config.uploads;
  const left = spaceLeft(deps, user, told);
  const barriers: Allowance[] = [
    { mostBytes: most || Infinity, exceeded: () => tooLargeFile(most) },
    { mostBytes: left.bytes, exceeded: left.exceeded },
    { mostBytes: roomFor(freeBytes(deps)), exceeded: () => storageFull() },
  ];
  return barriers.reduce((lowest, one) => (one.mostBytes < lowest.mostBytes ? one : lowest));
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
