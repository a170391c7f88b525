import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { isAppError } from "../../../lib/errors.ts";
import { getUserByEmail } from "../../accounts/accounts.ts";

/** Whose the videos are that come from the bucket; null where nobody is named, or nobody who may come in. */
export function ownerOfIncoming(deps: Pick<Deps, "config" | "db">): User | null {
  const email = deps.config["storage.s3"].incoming_owner;
  if (email === "") return null;
  try {
    const user = getUserByEmail(deps, email);
    return user.disabledAt === null ? user : null;
  } catch (error) {
    if (isAppError(error)) return null;
    throw error;
  }
}
