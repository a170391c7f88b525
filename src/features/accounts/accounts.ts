import { z } from "zod";
import { databaseFailure } from "../../db/failures.ts";
import type { Deps } from "../../deps.ts";
import type { Role, User } from "../../db/schema.ts";
import { AppError } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import { parseInput } from "../../lib/parse-input.ts";
import type { SessionClaims } from "../../web/session-token.ts";
import { checkPassword, hashPassword } from "./passwords.ts";
import {
  findUserByEmail,
  findUserById,
  hasAnyUser,
  insertUser,
  listUsers as selectUsers,
  recordLogin,
  setPasswordHash,
} from "./queries.ts";

export type { User } from "../../db/schema.ts";

/** Long tokens of the same person are checked again after this much of their life: 1 hour. */
const refreshAfterSeconds = 3600;

export const newUserSchema = z.object({
  name: z.string().trim().min(1, "Give a name.").max(100, "The name is longer than 100 characters."),
  email: z
    .string()
    .trim()
    .toLowerCase()
    .pipe(z.email("This is no e-mail address: it looks like name@example.org."))
    .refine((email) => email.length <= 254, "The e-mail address is longer than 254 characters."),
  password: z
    .string()
    .min(10, "The password is shorter than 10 characters. A few words in a row make a good one.")
    .max(1000, "The password is longer than 1000 characters."),
});

export interface Session {
  user: User;
  token: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** Whether this is still the first start: nobody has an account. */
export function needsSetup({ db }: Pick<Deps, "db">): boolean {
  return !hasAnyUser(db);
}

/** Makes an account. `conflict` where the e-mail has one already. */
export async function createUser(
  { db, now }: Pick<Deps, "db" | "now">,
  input: unknown,
  role: Role,
): Promise<User> {
  const { name, email, password } = parseInput(newUserSchema, input);
  if (findUserByEmail(db, email)) throw emailTaken(email);
  const passwordHash = await hashPassword(password);
  const time = now();
  try {
    return insertUser(db, { id: newId(), name, email, role, passwordHash, createdAt: time, updatedAt: time });
  } catch (error) {
    if ((error as { code?: string }).code === "SQLITE_CONSTRAINT_UNIQUE") throw emailTaken(email);
    throw error;
  }
}

/** The first admin, by the link that the first start printed. The token works once. */
export async function setUpFirstAdmin(
  deps: Pick<Deps, "db" | "now" | "setupToken" | "sessions" | "config">,
  token: string,
  input: unknown,
): Promise<Session> {
  requireSetupToken(deps, token);
  parseInput(newUserSchema, input);
  deps.setupToken.useUp();
  const user = await createUser(deps, input, "admin");
  return startSession(deps, user);
}

/** Throws `setup_closed` unless nobody has an account and the token is the printed one. */
export function requireSetupToken(
  { db, now, setupToken }: Pick<Deps, "db" | "now" | "setupToken">,
  token: string,
): void {
  if (!needsSetup({ db })) {
    throw new AppError("setup_closed", "Homereel is set up already.", { hint: "Log in with your account." });
  }
  if (!setupToken.matches(token, now())) {
    throw new AppError("setup_closed", "This set-up link is not valid any more.", {
      hint: "Open the link from the newest start in the log. Restarting Homereel prints a new one.",
    });
  }
}

/** The same answer, in the same time, for an unknown e-mail, a wrong password and a disabled account. */
export async function logIn(
  deps: Pick<Deps, "db" | "now" | "sessions" | "config" | "log">,
  email: string,
  password: string,
): Promise<Session> {
  const user = findUserByEmail(deps.db, email.trim().toLowerCase());
  const matches = await checkPassword(user?.passwordHash ?? null, password);
  if (!user || !matches || user.disabledAt !== null) {
    throw new AppError("login_failed", "E-mail or password is wrong.", {
      hint: "Check both and try again. An admin can set a new password.",
    });
  }
  noteLogin(deps, user);
  return startSession(deps, user);
}

/** Not worth locking anybody out: on a full disk somebody has to get in to delete something. */
function noteLogin({ db, now, log }: Pick<Deps, "db" | "now" | "log">, user: User): void {
  try {
    recordLogin(db, user.id, now());
  } catch (error) {
    if (!databaseFailure(error)) throw error;
    log.warn({ err: error }, "a login could not be written down");
  }
}

/**
 * Who a session token is; null where it is nobody's any more. `refreshed` is a new token where the old
 * one has been in use for a while, so that a session lasts as long as it is used.
 */
export async function verifySession(
  deps: Pick<Deps, "db" | "now" | "sessions" | "config">,
  token: string,
): Promise<{ user: User; refreshed: Session | null } | null> {
  const claims = await deps.sessions.read(token, deps.now());
  const user = claims && ownerOf(deps, claims);
  if (!user) return null;
  return { user, refreshed: isDueForRefresh(deps, claims) ? await startSession(deps, user) : null };
}

/** The same at once, for tokens that were verified before and need no refresh; null for all others. */
export function recallSession(deps: Pick<Deps, "db" | "now" | "sessions">, token: string): User | null {
  const claims = deps.sessions.recall(token, deps.now());
  return claims && !isDueForRefresh(deps, claims) ? ownerOf(deps, claims) : null;
}

function ownerOf({ db }: Pick<Deps, "db">, claims: SessionClaims): User | null {
  const user = findUserById(db, claims.userId);
  return user && user.disabledAt === null && user.sessionVersion === claims.sessionVersion ? user : null;
}

function isDueForRefresh({ now }: Pick<Deps, "now">, { issuedAt }: SessionClaims): boolean {
  return now() / 1000 - issuedAt > refreshAfterSeconds;
}

/** Whether sessions of the account as it was then still hold: for what stays open longer than a request. */
export function isSessionOf({ db }: Pick<Deps, "db">, then: User): boolean {
  const user = db.$client.open ? findUserById(db, then.id) : null;
  return user !== null && user.disabledAt === null && user.sessionVersion === then.sessionVersion;
}

/** The account behind an id that our own rows hold. */
export function getUser({ db }: Pick<Deps, "db">, id: string): User {
  const user = findUserById(db, id);
  if (!user) throw new AppError("not_found", "There is no such account.");
  return user;
}

export function listUsers({ db }: Pick<Deps, "db">): User[] {
  return selectUsers(db);
}

/** Sets a new password and ends all sessions of the account. */
export async function setPassword(
  { db, now }: Pick<Deps, "db" | "now">,
  email: string,
  password: string,
): Promise<User> {
  const user = findUserByEmail(db, email.trim().toLowerCase());
  if (!user) throw new AppError("not_found", `Nobody has the e-mail ${email}.`);
  const checked = parseInput(newUserSchema.pick({ password: true }), { password });
  setPasswordHash(db, user.id, await hashPassword(checked.password), now());
  return user;
}

async function startSession(
  { now, sessions, config }: Pick<Deps, "now" | "sessions" | "config">,
  user: User,
): Promise<Session> {
  const hours = config.auth.session_hours;
  const time = now();
  return { user, token: await sessions.sign(user, time, hours), expiresAt: time + hours * 3_600_000 };
}

function emailTaken(email: string): AppError {
  return new AppError("conflict", `There is an account with the e-mail ${email} already.`, {
    field: "email",
  });
}
