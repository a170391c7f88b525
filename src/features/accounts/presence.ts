import type { User } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import type { Credential } from "../../web/session.ts";
import { findUserById } from "./queries.ts";
import { isOpenSession } from "./sessions.ts";
import { listApiTokens } from "./tokens.ts";

/** Whether what somebody came in with still holds: for what stays open longer than a request. */
export function isStillIn({ db }: Pick<Deps, "db">, then: User, credential: Credential): boolean {
  if (!db.$client.open) return false;
  if (credential.kind === "session") return isOpenSession({ db }, then, credential.id);
  const user = findUserById(db, then.id);
  if (!user || user.disabledAt !== null || user.sessionVersion !== then.sessionVersion) return false;
  return credential.kind === "proxy" || listApiTokens({ db }, then).some(({ id }) => id === credential.id);
}
