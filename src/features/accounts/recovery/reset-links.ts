import type { AccountLink, User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { AppError } from "../../../lib/errors.ts";
import { may } from "../../../lib/permissions.ts";
import { paths } from "../../../paths.ts";
import { noteAudit } from "../audit/audit.ts";
import { addLink, giveSecret } from "../links/links.ts";
import { getUser } from "../people.ts";
import { deleteOpenLinksOf } from "../links/queries.ts";

const handedOverForMs = 24 * 3_600_000;

/** An admin's way without mail: whoever opens the path sets the password. It is in this answer and nowhere else. */
export function createResetLink(
  deps: Pick<Deps, "db" | "now" | "from">,
  by: User,
  userId: string,
): { path: string; expiresAt: number } {
  if (!may(by, "people.manage")) throw new AppError("not_allowed", "Only admins make links for others.");
  return deps.db.transaction(() => {
    const user = getUser(deps, userId);
    if (user.disabledAt !== null) {
      throw new AppError("conflict", "This account is disabled.", { hint: "Enable it first." });
    }
    const { link, secret } = replaceResetLink(deps, user, { lifetimeMs: handedOverForMs, createdBy: by.id });
    const subject = { kind: "account", id: user.id, name: user.email } as const;
    noteAudit(deps, { action: "password.link", actor: by, subject });
    return { path: paths.reset(secret), expiresAt: link.expiresAt };
  });
}

/** A new link for a new password; the one before ends. */
export function replaceResetLink(
  deps: Pick<Deps, "db" | "now">,
  user: User,
  facts: { lifetimeMs: number; createdBy?: string },
): { link: AccountLink; secret: string } {
  return deps.db.transaction(() => {
    deleteOpenLinksOf(deps.db, user.id, "reset");
    const given = giveSecret(deps, addLink(deps, { kind: "reset", userId: user.id, ...facts }).id);
    if (!given) throw new Error("a link was over before anybody had it");
    return given;
  });
}
