import { z } from "zod";
import type { AccountLink, User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { AppError } from "../../../lib/errors.ts";
import { parseInput } from "../../../lib/parse-input.ts";
import { may } from "../../../lib/permissions.ts";
import { inviteMail } from "../../../mail/messages.ts";
import { paths } from "../../../paths.ts";
import type { JobLoss } from "../../../queue/binding.ts";
import type { JobContext } from "../../../queue/job.ts";
import { noteAudit } from "../audit/audit.ts";
import { emailSchema, roleSchema } from "../input.ts";
import { inviteMailJob } from "../jobs.ts";
import { addLink, giveSecret, requireLink } from "../links/links.ts";
import { findUserByEmail, findUserById } from "../queries.ts";
import { deleteLink, findLinkById, openLinks } from "../links/queries.ts";

const dayMs = 86_400_000;
const lifetimeMs = 7 * dayMs;

/** An invitation that can still be used. It has no `tokenHash` while its mail waits to be sent. */
export interface Invite extends AccountLink {
  /** Name of who invites. */
  inviter: string;
}

const inviteSchema = z.object({
  role: roleSchema,
  /** Nobody else can use it then; empty or absent: whoever has the link. */
  email: z
    .string("Give an e-mail address.")
    .trim()
    .nullish()
    .transform((email) => email || undefined)
    .pipe(emailSchema.optional()),
  /** Whether Homereel mails it, where it can. */
  send: z.boolean().default(false),
});

/**
 * Makes an invitation that lasts a week and works once. `path` is its address on this Homereel, in this answer and
 * nowhere else; null where it is mailed.
 */
export function createInvite(
  deps: Pick<Deps, "db" | "now" | "from" | "config" | "mailer" | "queue">,
  by: User,
  input: unknown,
): { invite: Invite; path: string | null } {
  requireInviter(deps, by);
  const { role, email, send } = parseInput(inviteSchema, input);
  if (email !== undefined && findUserByEmail(deps.db, email)) {
    throw new AppError("conflict", `${email} has an account already.`, { field: "email" });
  }
  return deps.db.transaction(() => {
    const link = addLink(deps, { kind: "invite", lifetimeMs, email, role, createdBy: by.id });
    noteAudit(deps, { action: "invite.create", actor: by, subject: subjectOf(link), detail: role });
    const invite = { ...link, inviter: by.name };
    if (send && email !== undefined && deps.mailer.isSetUp) {
      deps.queue.add(inviteMailJob, { inviteId: link.id }, { userId: by.id });
      return { invite, path: null };
    }
    return { invite, path: paths.register(giveSecret(deps, link.id)?.secret) };
  });
}

/** Newest first. */
export function listInvites({ db, now }: Pick<Deps, "db" | "now">): Invite[] {
  return openLinks(db, "invite", now()).flatMap((link) => withInviter({ db }, link) ?? []);
}

/** Nobody can use it any more. */
export function revokeInvite(deps: Pick<Deps, "db" | "now" | "from" | "queue">, by: User, id: string): void {
  requirePeopleManager(by);
  deps.db.transaction(() => {
    const link = findLinkById(deps.db, id);
    if (link?.kind !== "invite" || link.usedAt !== null || !deleteLink(deps.db, id)) {
      throw new AppError("not_found", "There is no such invitation.", {
        hint: "It may be used, over or withdrawn already.",
      });
    }
    deps.queue.cancel(inviteMailJob, id);
    noteAudit(deps, { action: "invite.revoke", actor: by, subject: subjectOf(link) });
  });
}

/** The invitation with this secret; `link_invalid` where it lets nobody in any more. */
export function requireInvite(deps: Pick<Deps, "db" | "now">, secret: string): Invite {
  const link = requireLink(deps, "invite", secret);
  const invite = withInviter(deps, link);
  if (invite) return invite;
  throw new AppError("link_invalid", "This invitation is not valid any more.", {
    hint: "Who made it may not invite any more. Ask somebody else for one.",
  });
}

type MailNeeds = Pick<Deps, "db" | "now" | "from" | "config" | "mailer">;

/** The job. Its secret is made when it is sent, so that it stands nowhere else; a second sending ends the first. */
export async function sendInviteNow(
  deps: MailNeeds,
  { inviteId }: { inviteId: string },
  { signal }: Pick<JobContext, "signal">,
): Promise<void> {
  const given = giveSecret(deps, inviteId);
  const invite = given && withInviter(deps, given.link);
  if (!given || !invite?.email) return;
  const days = Math.max(1, Math.round((invite.expiresAt - deps.now()) / dayMs));
  const link = deps.config.server.public_url + paths.register(given.secret);
  await deps.mailer.send(inviteMail({ to: invite.email, inviter: invite.inviter, link, days }), signal);
}

/** A mail that never left invites nobody: the audit log says why the invitation is gone. */
export function gaveUpInvite(deps: MailNeeds, { inviteId }: { inviteId: string }, { error }: JobLoss): void {
  const link = findLinkById(deps.db, inviteId);
  if (!link || link.usedAt !== null) return;
  deleteLink(deps.db, inviteId);
  const why = error instanceof Error ? error.message : "The server stopped.";
  const detail = `The mail could not be sent. ${why}`;
  noteAudit(deps, { action: "invite.revoke", actor: null, subject: subjectOf(link), detail });
}

function requireInviter({ config }: Pick<Deps, "config">, by: User): void {
  requirePeopleManager(by);
  if (config.auth.registration !== "closed") return;
  throw new AppError("registration_closed", "Nobody can be invited while registration is closed.", {
    hint: 'Set [auth] registration to "invite" in the configuration, or make the account yourself.',
  });
}

function requirePeopleManager(by: User): void {
  if (may(by, "people.manage")) return;
  throw new AppError("not_allowed", "Only admins invite people.", { hint: "Ask one of them." });
}

/** Null where who made it may not invite any more: nobody comes back by an invitation kept aside. */
function withInviter({ db }: Pick<Deps, "db">, link: AccountLink): Invite | null {
  const inviter = link.createdBy === null ? null : findUserById(db, link.createdBy);
  if (!inviter || inviter.disabledAt !== null || !may(inviter, "people.manage")) return null;
  return { ...link, inviter: inviter.name };
}

function subjectOf({ id, email }: AccountLink) {
  return { kind: "invite", id, name: email ?? "whoever has the link" } as const;
}
