import { z } from "zod";
import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { AppError } from "../../../lib/errors.ts";
import { parseInput } from "../../../lib/parse-input.ts";
import { emailSchema } from "../input.ts";
import { mailEmailLinkJob } from "../jobs.ts";
import { tellEmailChangedLater } from "../links/letters.ts";
import { addLink, forgetOpenLinks, requireLinkOfAccount, useUpLink } from "../links/links.ts";
import { changeAccount } from "../people.ts";
import { deleteOpenLinksOf } from "../links/queries.ts";

type Needs = Pick<Deps, "db" | "from" | "mailer" | "now" | "queue">;

const confirmWithinMs = 24 * 3_600_000;

/**
 * "mailed": the address changes once the link that goes to the new one is opened; whether it has an account already
 * is said there and not here. "changed": at once, where no mail can be sent. To be limited like all mail to an
 * address that somebody typed: `limitMails`.
 */
export function requestEmailChange(deps: Needs, user: User, newEmail: string): "mailed" | "changed" {
  const { db, mailer, queue } = deps;
  const { email } = parseInput(z.object({ email: emailSchema }), { email: newEmail });
  if (email === user.email) {
    throw new AppError("invalid_input", "This is your address already.", { field: "email" });
  }
  if (!mailer.isSetUp) {
    changeEmail(deps, user, email);
    return "changed";
  }
  db.transaction(() => {
    deleteOpenLinksOf(db, user.id, "email");
    const link = addLink(deps, { kind: "email", userId: user.id, email, lifetimeMs: confirmWithinMs });
    queue.add(mailEmailLinkJob, { linkId: link.id }, { userId: user.id });
  });
  return "mailed";
}

/** The address that the link confirms; `link_invalid` where it confirms none (any more). Asking does not use it up. */
export function getNewEmail(deps: Pick<Deps, "db" | "now">, secret: string): string {
  return requireLinkOfAccount(deps, "email", secret).link.email ?? "";
}

/** Changes the address and uses the link up. `conflict` where somebody has the address by now. */
export function confirmEmail(deps: Needs, secret: string): User {
  const { link, user } = requireLinkOfAccount(deps, "email", secret);
  return deps.db.transaction(() => {
    useUpLink(deps, link);
    return changeEmail(deps, user, link.email);
  });
}

function changeEmail(deps: Needs, user: User, email: string | null): User {
  return deps.db.transaction(() => {
    const changed = changeAccount(deps, user, user.id, { email });
    forgetOpenLinks(deps, user.id);
    tellEmailChangedLater(deps, user);
    return changed;
  });
}
