import type { AccountLink, LinkKind, Role, User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { AppError } from "../../../lib/errors.ts";
import { hashSecret, newId, newSecret } from "../../../lib/ids.ts";
import { findUserById } from "../queries.ts";
import {
  deleteLink,
  deleteOpenLinksOf,
  findLinkByHash,
  findLinkById,
  insertLink,
  setLinkHash,
  useLink,
} from "./queries.ts";

interface NewLink {
  kind: LinkKind;
  lifetimeMs: number;
  userId?: string;
  email?: string;
  role?: Role;
  createdBy?: string;
}

/** A link that works once. It has no secret yet, and so works for nobody: `giveSecret` makes one. */
export function addLink({ db, now }: Pick<Deps, "db" | "now">, link: NewLink): AccountLink {
  const { lifetimeMs, userId = null, email = null, role = null, createdBy = null, kind } = link;
  const createdAt = now();
  const times = { createdAt, expiresAt: createdAt + lifetimeMs, usedAt: null };
  const row = { id: newId(), kind, tokenHash: null, userId, email, role, createdBy, ...times };
  insertLink(db, row);
  return row;
}

/**
 * The secret that goes into the address: only its hash is kept, so each call makes another and ends the one before.
 * Null where the link is used, over or gone.
 */
export function giveSecret(
  deps: Pick<Deps, "db" | "now">,
  id: string,
): { link: AccountLink; secret: string } | null {
  const link = findLinkById(deps.db, id);
  if (!link || isOver(deps, link)) return null;
  const secret = newSecret();
  return setLinkHash(deps.db, id, hashSecret(secret)) ? { link, secret } : null;
}

/** The link with this secret; `link_invalid` where it is used, over, withdrawn or never was. */
export function requireLink(deps: Pick<Deps, "db" | "now">, kind: LinkKind, secret: string): AccountLink {
  const link = secret === "" ? null : findLinkByHash(deps.db, kind, hashSecret(secret));
  if (link && !isOver(deps, link)) return link;
  throw invalid(kind);
}

/** The same with the account that it is for: a disabled one has no valid links, and they don't say why. */
export function requireLinkOfAccount(
  deps: Pick<Deps, "db" | "now">,
  kind: "reset" | "email",
  secret: string,
): { link: AccountLink; user: User } {
  const link = requireLink(deps, kind, secret);
  const user = findUserById(deps.db, link.userId ?? "");
  if (!user || user.disabledAt !== null) throw invalid(kind);
  return { link, user };
}

/** Uses it up, in the transaction of what it is used for. */
export function useUpLink(deps: Pick<Deps, "db" | "now">, link: AccountLink): void {
  if (useLink(deps.db, link.id, deps.now())) return;
  throw new AppError("link_invalid", "This link was used already.", { hint: hints[link.kind] });
}

/**
 * Within a change of the password or the e-mail: links that were made before it, perhaps for just who is to be shut
 * out by it, end.
 */
export function forgetOpenLinks({ db }: Pick<Deps, "db">, userId: string): void {
  deleteOpenLinksOf(db, userId, "reset");
  deleteOpenLinksOf(db, userId, "email");
}

/** One whose time is over stays so, also when the clock is set back: it is deleted. */
function isOver({ db, now }: Pick<Deps, "db" | "now">, link: AccountLink): boolean {
  if (link.usedAt !== null) return true;
  if (link.expiresAt > now()) return false;
  deleteLink(db, link.id);
  return true;
}

function invalid(kind: LinkKind): AppError {
  return new AppError("link_invalid", "This link is not valid any more.", { hint: hints[kind] });
}

const hints: Record<LinkKind, string> = {
  invite: "Ask who invited you for a new one.",
  reset: "Ask for a new one.",
  email: "Change the address once more to get a new one.",
};
