import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import {
  confirmEmailMail,
  emailChangedMail,
  passwordChangedMail,
  resetMail,
} from "../../../mail/messages.ts";
import { paths } from "../../../paths.ts";
import type { JobContext } from "../../../queue/job.ts";
import { mailEmailChangedJob, mailPasswordChangedJob } from "../jobs.ts";
import { giveSecret } from "./links.ts";
import { findUserByEmail, findUserById } from "../queries.ts";
import { replaceResetLink } from "../recovery/reset-links.ts";

// What the accounts' mail jobs do. The secret of a link is made when it is sent, and is in no payload: who reads the
// database finds none, and a second try sends another, which ends the one before.

type Needs = Pick<Deps, "config" | "db" | "mailer" | "now">;
type Signal = Pick<JobContext, "signal">;

const resetMinutes = 30;
const hourMs = 3_600_000;

/** Nothing for addresses that nobody has: whoever asked is not to learn of it. */
export async function mailResetLinkNow(
  deps: Needs,
  { email }: { email: string },
  { signal }: Signal,
): Promise<void> {
  const user = findUserByEmail(deps.db, email);
  if (!user || user.disabledAt !== null) return;
  const { secret } = replaceResetLink(deps, user, { lifetimeMs: resetMinutes * 60_000 });
  const link = addressOf(deps, paths.reset(secret));
  await deps.mailer.send(resetMail({ to: user.email, name: user.name, link, minutes: resetMinutes }), signal);
}

/** To the new address. Nothing where another request has replaced this one, or it is over. */
export async function mailEmailLinkNow(
  deps: Needs,
  { linkId }: { linkId: string },
  { signal }: Signal,
): Promise<void> {
  const given = giveSecret(deps, linkId);
  const user = given && findUserById(deps.db, given.link.userId ?? "");
  if (!user || user.disabledAt !== null) return;
  const { link: row, secret } = given;
  const hours = Math.max(1, Math.round((row.expiresAt - deps.now()) / hourMs));
  const link = addressOf(deps, paths.confirmEmail(secret));
  const mail = confirmEmailMail({ to: row.email ?? "", name: user.name, link, minutes: hours * 60 });
  await deps.mailer.send(mail, signal);
}

/** Within the change of a password: its owner may not be who changed it. */
export function tellPasswordChangedLater(
  { mailer, queue }: Pick<Deps, "mailer" | "queue">,
  user: Pick<User, "id">,
): void {
  if (mailer.isSetUp) queue.add(mailPasswordChangedJob, { userId: user.id }, { userId: user.id });
}

export async function mailPasswordChangedNow(
  { db, mailer }: Needs,
  { userId }: { userId: string },
  { signal }: Signal,
): Promise<void> {
  const user = findUserById(db, userId);
  if (user) await mailer.send(passwordChangedMail({ to: user.email, name: user.name }), signal);
}

/** Within the change of an e-mail: to the old address. */
export function tellEmailChangedLater(
  { mailer, queue }: Pick<Deps, "mailer" | "queue">,
  before: Pick<User, "id" | "email">,
): void {
  if (!mailer.isSetUp) return;
  queue.add(mailEmailChangedJob, { userId: before.id, oldEmail: before.email }, { userId: before.id });
}

export async function mailEmailChangedNow(
  { db, mailer }: Needs,
  { userId, oldEmail }: { userId: string; oldEmail: string },
  { signal }: Signal,
): Promise<void> {
  const user = findUserById(db, userId);
  if (!user) return;
  await mailer.send(emailChangedMail({ to: oldEmail, name: user.name, newEmail: user.email }), signal);
}

/** Never from what a browser says of the host. */
function addressOf({ config }: Pick<Deps, "config">, path: string): string {
  return config.server.public_url + path;
}
