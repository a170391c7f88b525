import { parseInput } from "../../../lib/parse-input.ts";
import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { AppError, isAppError } from "../../../lib/errors.ts";
import { createUser, needsSetup } from "../people.ts";
import { noteAudit, tryToWrite } from "../audit/audit.ts";
import { emailSchema, newUserSchema } from "../input.ts";
import { checkPassword, hashPassword, needsRehash } from "./passwords.ts";
import { findUserByEmail, recordLogin, replacePasswordHash } from "../queries.ts";
import { startSession } from "./sessions.ts";
import type { StartedSession } from "./sessions.ts";

type LoginNeeds = Pick<Deps, "db" | "now" | "from" | "sessions" | "config" | "log">;

/** The same answer, in the same time, for an unknown e-mail, a wrong password and a disabled account. */
export async function logIn(deps: LoginNeeds, email: string, password: string): Promise<StartedSession> {
  const user = findUserByEmail(deps.db, email.trim().toLowerCase());
  const matches = await checkPassword(user?.passwordHash || null, password);
  if (!user || !matches || user.disabledAt !== null) {
    tryToWrite(deps, () =>
      noteAudit(deps, { action: "login.failed", actor: null, subject: whoTried(user, email) }),
    );
    throw new AppError("login_failed", "E-mail or password is wrong.", {
      hint: "Check both and try again. An admin can set a new password.",
    });
  }
  await keepHashStrong(deps, user, password);
  return comeIn(deps, user);
}

function comeIn(deps: LoginNeeds, user: User): Promise<StartedSession> {
  tryToWrite(deps, () =>
    deps.db.transaction(() => {
      recordLogin(deps.db, user.id, deps.now());
      noteAudit(deps, { action: "login", actor: user });
    }),
  );
  return startSession(deps, user);
}

/** What is no address may be a password, typed into the wrong field: it is not kept. */
function whoTried(user: User | null, email: string) {
  const name = user?.email ?? emailSchema.safeParse(email).data ?? "";
  return { kind: "account", id: user?.id ?? null, name } as const;
}

/** Hashes of older, weaker parameters are made anew while the password is at hand. */
async function keepHashStrong(deps: LoginNeeds, user: User, password: string): Promise<void> {
  if (!needsRehash(user.passwordHash)) return;
  // It can wait for the next login where many wait already.
  const hash = await hashPassword(password).catch(unlessExpected);
  if (hash) tryToWrite(deps, () => replacePasswordHash(deps.db, user.id, user.passwordHash, hash));
}

function unlessExpected(error: unknown): null {
  if (isAppError(error)) return null;
  throw error;
}

/** The password of somebody who is logged in, once more, before what a borrowed browser must not do. */
export async function requirePassword(user: User, password: string): Promise<void> {
  // Who only ever came in through the proxy has none, and the proxy has asked already.
  if (user.passwordHash === "" || (await checkPassword(user.passwordHash, password))) return;
  throw new AppError("invalid_input", "This is not your password.", { field: "current_password" });
}

/** The first admin, by the link that the first start printed. The token works once. */
export async function setUpFirstAdmin(
  deps: LoginNeeds & Pick<Deps, "setupToken">,
  token: string,
  input: unknown,
): Promise<StartedSession> {
  requireSetupToken(deps, token);
  const checked = parseInput(newUserSchema, input);
  const giveBack = deps.setupToken.useUp();
  try {
    return await comeIn(deps, await createUser(deps, null, { ...checked, role: "admin" }));
  } catch (error) {
    giveBack();
    throw error;
  }
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
