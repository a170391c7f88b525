import type { Role, User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { AppError } from "../../../lib/errors.ts";
import { parseInput } from "../../../lib/parse-input.ts";
import { newUserSchema } from "../input.ts";
import { requireInvite } from "./invites.ts";
import type { Invite } from "./invites.ts";
import { useUpLink } from "../links/links.ts";
import { createUser, needsSetup } from "../people.ts";
import { recordLogin } from "../queries.ts";
import { startSession } from "../sessions/sessions.ts";
import type { StartedSession } from "../sessions/sessions.ts";

type RegisterNeeds = Pick<Deps, "db" | "now" | "from" | "sessions" | "config">;

/**
 * Makes an account for whoever asks and lets them in. `secret` is that of an invitation, or "". Throws
 * `registration_closed`, `link_invalid`, `invalid_input` and, where the e-mail has an account already, `conflict`.
 */
export async function register(deps: RegisterNeeds, input: unknown, secret: string): Promise<StartedSession> {
  const { role, invite } = requireWayIn(deps, secret);
  const checked = parseInput(newUserSchema, input);
  if (invite) requireInvited(invite, checked.email);
  const user = await createUser(
    deps,
    null,
    { ...checked, role },
    {
      detail: invite ? `${role}; invited by ${invite.inviter}` : role,
      along: (made) => arrive(deps, made, invite),
    },
  );
  return startSession(deps, user);
}

export interface WayIn {
  /** What somebody becomes who comes this way. */
  role: Role;
  invite: Invite | null;
}

/** How somebody with this secret, or with none, may make an account; throws where they may not. */
export function requireWayIn(deps: Pick<Deps, "db" | "now" | "config">, secret: string): WayIn {
  const { registration, registration_role: role } = deps.config.auth;
  // Whoever comes first would close the set-up link, and no admin could ever be made.
  if (needsSetup(deps)) throw notSetUp();
  if (registration === "closed") {
    throw new AppError("registration_closed", "Registration is closed.", {
      hint: "An admin can make an account for you.",
    });
  }
  if (secret !== "") {
    const invite = requireInvite(deps, secret);
    return { role: invite.role ?? role, invite };
  }
  if (registration === "open") return { role, invite: null };
  throw new AppError("registration_closed", "An account takes an invitation.", {
    hint: "Ask an admin for a link.",
  });
}

/** Whether there is anything to show of registration to somebody with this secret, or with none. */
export function offersRegistration(deps: Pick<Deps, "db" | "config">, secret: string): boolean {
  const { registration } = deps.config.auth;
  if (needsSetup(deps)) return false;
  return registration === "open" || (registration === "invite" && secret !== "");
}

/** Of two people with the same link one gets here first; the other's account is undone. */
function arrive(deps: Pick<Deps, "db" | "now">, user: User, invite: Invite | null): void {
  if (invite) useUpLink(deps, invite);
  recordLogin(deps.db, user.id, deps.now());
}

function requireInvited(invite: Invite, email: string): void {
  if (invite.email === null || invite.email === email) return;
  throw new AppError("invalid_input", `This invitation is for ${invite.email}.`, { field: "email" });
}

export function notSetUp(): AppError {
  return new AppError("registration_closed", "Homereel is not set up yet.", {
    hint: "Open the set-up link that the start printed to its log. Restarting Homereel prints a new one.",
  });
}
