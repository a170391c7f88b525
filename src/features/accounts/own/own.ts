import { z } from "zod";
import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { AppError } from "../../../lib/errors.ts";
import { parseInput } from "../../../lib/parse-input.ts";
import { may, scopes } from "../../../lib/permissions.ts";
import type { Permission, Scope } from "../../../lib/permissions.ts";
import type { Credential } from "../../../web/session.ts";
import { noteAudit } from "../audit/audit.ts";
import { requestEmailChange } from "./email-change.ts";
import { passwordSchema } from "../input.ts";
import { tellPasswordChangedLater } from "../links/letters.ts";
import { forgetOpenLinks } from "../links/links.ts";
import { requirePassword } from "../sessions/login.ts";
import { hashPassword } from "../sessions/passwords.ts";
import { changeAccount, getUser } from "../people.ts";
import { changeUser } from "../queries.ts";
import { closeSessions, startSession } from "../sessions/sessions.ts";
import type { StartedSession } from "../sessions/sessions.ts";

// What people do to their own accounts.

type Needs = Pick<Deps, "db" | "now" | "from" | "mailer" | "queue">;

/** Whoever does it, and what they came in with. */
export interface Oneself {
  user: User;
  credential: Credential;
}

/** `invalid_input` for `current_password` unless it is theirs. To be limited: `limitPasswords`. */
export async function proveOneself(deps: Pick<Deps, "db">, { user }: Oneself, password: string) {
  await requirePassword(user, password);
  requireStillIn(deps, user);
}

export function changeOwnName(deps: Pick<Deps, "db" | "now" | "from">, user: User, name: unknown): User {
  return changeAccount(deps, user, user.id, { name });
}

/** Like `requestEmailChange`; `not_allowed` for who came in through the proxy, and would not find back in. */
export function changeOwnEmail(deps: Needs, { user, credential }: Oneself, email: string) {
  if (credential.kind === "proxy") {
    throw new AppError("not_allowed", "The proxy that logs you in knows you by this address.", {
      hint: "An admin can change it there and here.",
    });
  }
  return requestEmailChange(deps, user, email);
}

/** Ends all sessions, and starts one anew for the one that asked; null for who came in without a session. */
export async function changeOwnPassword(
  deps: Needs & Pick<Deps, "sessions" | "config">,
  { user, credential }: Oneself,
  newPassword: unknown,
): Promise<StartedSession | null> {
  const input = parseInput(z.object({ new_password: passwordSchema }), { new_password: newPassword });
  const passwordHash = await hashPassword(input.new_password);
  const changed = deps.db.transaction(() => {
    requireStillIn(deps, user);
    changeUser(deps.db, user.id, { passwordHash, updatedAt: deps.now() });
    closeSessions(deps, user.id);
    forgetOpenLinks(deps, user.id);
    noteAudit(deps, { action: "account.password", actor: user });
    tellPasswordChangedLater(deps, user);
    return getUser(deps, user.id);
  });
  return credential.kind === "session" ? startSession(deps, changed) : null;
}

/** Passwords take their time, in which all sessions can end. */
function requireStillIn(deps: Pick<Deps, "db">, then: User): void {
  const { disabledAt, sessionVersion } = getUser(deps, then.id);
  if (disabledAt === null && sessionVersion === then.sessionVersion) return;
  throw new AppError("login_required", "Your session has ended.", { hint: "Log in and try again." });
}

/** One thing that each scope is for, to know to whom it is of use. */
const examples: Record<Scope, Permission> = {
  read: "videos.watch",
  download: "videos.download",
  upload: "videos.change",
  admin: "people.manage",
};

/** What a token of this person can be used for. */
export function scopesFor(user: User): Scope[] {
  return scopes.filter((scope) => may(user, examples[scope]));
}
