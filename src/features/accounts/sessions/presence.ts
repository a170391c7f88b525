import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import type { Credential } from "../../../web/session.ts";
import { findUserById } from "../queries.ts";
import { isOpenSession } from "./sessions.ts";
import { listApiTokens } from "./tokens.ts";

/** Whether what somebody came in with still holds: for what stays open longer than a request. */
export function isStillIn(deps: Pick<Deps, "db" | "now">, then: User, credential: Credential): boolean {
  const { db, now } = deps;
  if (!db.$client.open) return false;
  if (credential.kind === "session") return isOpenSession(deps, then, credential.id);
  const user = findUserById(db, then.id);
  if (!user || user.disabledAt !== null || user.sessionVersion !== then.sessionVersion) return false;
  if (credential.kind === "proxy") return true;
  const token = listApiTokens(deps, then).find(({ id }) => id === credential.id);
  return token !== undefined && (token.expiresAt === null || token.expiresAt > now());
}
