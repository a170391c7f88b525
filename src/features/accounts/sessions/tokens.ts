import { z } from "zod";
import type { ApiToken, User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { AppError } from "../../../lib/errors.ts";
import { hashSecret, newId, newSecret } from "../../../lib/ids.ts";
import { parseInput } from "../../../lib/parse-input.ts";
import { may, scopes } from "../../../lib/permissions.ts";
import { cleanText } from "../../../lib/text.ts";
import { noteAudit, tryToWrite } from "../audit/audit.ts";
import {
  apiTokensOf,
  deleteApiToken,
  expiredApiTokens,
  findApiToken,
  insertApiToken,
  touchApiToken,
} from "./queries.ts";

const prefix = "hrl_";
const mostTokens = 100;
/** How exactly "last used" is known: 1 minute. */
const touchAfterMs = 60_000;

export const tokenSchema = z.object({
  name: z
    .string()
    .transform((name) => cleanText(name, 100))
    .refine((name) => name !== "", "Give the token a name, so that you know it again."),
  scopes: z
    .array(z.enum(scopes, "Choose from read, download, upload, admin."))
    .min(1, "Choose what it may do."),
  /** Null or absent: never. */
  expires_in_days: z.coerce.number().int().min(1).max(3650).nullish(),
});

/** Makes a token for programs. `token` is in this answer and nowhere else. */
export function createApiToken(
  deps: Pick<Deps, "db" | "now" | "from">,
  user: User,
  input: unknown,
): { token: string; row: ApiToken } {
  const { db, now } = deps;
  const { name, scopes: wanted, expires_in_days: days } = parseInput(tokenSchema, input);
  if (wanted.includes("admin") && !may(user, "people.manage")) {
    throw new AppError("not_allowed", "Only admins can make tokens that may administer.", {
      field: "scopes",
    });
  }
  if (apiTokensOf(db, user.id).length >= mostTokens) {
    throw new AppError("conflict", `You have ${mostTokens} tokens already.`, { hint: "Revoke one first." });
  }
  const token = `${prefix}${newSecret()}`;
  const row: ApiToken = {
    id: newId(),
    userId: user.id,
    name,
    tokenHash: hashSecret(token),
    scopes: scopes.filter((one) => wanted.includes(one)),
    createdAt: now(),
    expiresAt: days ? now() + days * 86_400_000 : null,
    lastUsedAt: null,
  };
  db.transaction(() => {
    insertApiToken(db, row);
    const detail = `${row.scopes.join(", ")}${days ? `; for ${days} days` : ""}`;
    noteAudit(deps, { action: "token.create", actor: user, subject: subjectOf(row), detail });
  });
  return { token, row };
}

export function listApiTokens({ db }: Pick<Deps, "db">, user: User): ApiToken[] {
  return apiTokensOf(db, user.id);
}

export function revokeApiToken(deps: Pick<Deps, "db" | "now" | "from">, user: User, id: string): void {
  deps.db.transaction(() => {
    const row = deleteApiToken(deps.db, user.id, id);
    if (!row)
      throw new AppError("not_found", "There is no such token.", { hint: "It may be revoked already." });
    noteAudit(deps, { action: "token.revoke", actor: user, subject: subjectOf(row) });
  });
}

export function looksLikeApiToken(text: string): boolean {
  return text.startsWith(prefix);
}

/** Whose token this is; null where it is nobody's any more. One that has expired is gone for good. */
export function verifyApiToken(
  deps: Pick<Deps, "db" | "now" | "from" | "log">,
  token: string,
): { user: User; token: ApiToken } | null {
  const found = findApiToken(deps.db, hashSecret(token));
  if (!found) return null;
  const { expiresAt, lastUsedAt, id } = found.token;
  const time = deps.now();
  if (expiresAt !== null && expiresAt <= time) {
    tryToWrite(deps, () => expire(deps, found.token));
    return null;
  }
  if (found.user.disabledAt !== null) return null;
  if (lastUsedAt === null || time - lastUsedAt > touchAfterMs)
    tryToWrite(deps, () => touchApiToken(deps.db, id, time));
  return found;
}

/** Deletes all that have expired, used or not. */
export function expireApiTokens(deps: Pick<Deps, "db" | "now" | "from">): void {
  for (const token of expiredApiTokens(deps.db, deps.now())) expire(deps, token);
}

function expire(deps: Pick<Deps, "db" | "now" | "from">, token: ApiToken): void {
  deps.db.transaction(() => {
    if (!deleteApiToken(deps.db, token.userId, token.id)) return;
    noteAudit(deps, { action: "token.expire", actor: null, subject: subjectOf(token) });
  });
}

function subjectOf({ id, name }: ApiToken) {
  return { kind: "token", id, name } as const;
}
