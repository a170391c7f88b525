import { z } from "zod";
import type { Deps } from "../../deps.ts";
import type { User } from "../../db/schema.ts";
import { nameCursor, parseNameCursor } from "../../lib/cursor.ts";
import { AppError } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import { parseInput } from "../../lib/parse-input.ts";
import { requireMay } from "../../lib/permissions.ts";
import { formatQuota } from "../../lib/quota.ts";
import { cleanText } from "../../lib/text.ts";
import { noteAudit } from "./audit/audit.ts";
import type { AuditAction } from "./audit/audit-names.ts";
import { emailSchema, nameSchema, passwordSchema, quotaSchema, roleSchema } from "./input.ts";
import { forgetOpenLinks } from "./links/links.ts";
import { hashPassword } from "./sessions/passwords.ts";
import {
  changeUser,
  countAdmins,
  countUsers,
  deleteUserRow,
  findUserByEmail,
  findUserById,
  hasAnyUser,
  insertUser,
  pageOfUsers,
} from "./queries.ts";
import { closeSessions } from "./sessions/sessions.ts";

type Needs = Pick<Deps, "db" | "now" | "from">;
/** Who does it; null for the command line, for the machine itself and for who registers. */
type By = Pick<User, "id" | "name" | "role"> | null;

/** Whether this is still the first start: nobody has an account. */
export function needsSetup({ db }: Pick<Deps, "db">): boolean {
  return !hasAnyUser(db);
}

const accountSchema = z.object({
  name: nameSchema,
  email: emailSchema,
  role: roleSchema,
  /** Without one, nobody logs in with a password until one is set. */
  password: passwordSchema.optional(),
});

interface Registration {
  /** For the audit log. */
  detail: string;
  /** Joins the transaction: what it throws undoes the account. */
  along(user: User): void;
}

/**
 * Makes an account. `conflict` where the e-mail has one already. With a registration, it is the person's own doing.
 */
export async function createUser(
  deps: Needs,
  by: By,
  input: unknown,
  registration?: Registration,
): Promise<User> {
  requireMay(by, "people.manage");
  const { db, now } = deps;
  const { name, email, role, password } = parseInput(accountSchema, input);
  if (findUserByEmail(db, email)) throw emailTaken(email);
  const passwordHash = password === undefined ? "" : await hashPassword(password);
  const times = { createdAt: now(), updatedAt: now() };
  return db.transaction(() => {
    const user = orEmailTaken(email, () =>
      insertUser(db, { id: newId(), name, email, role, passwordHash, ...times }),
    );
    registration?.along(user);
    noteAudit(deps, {
      action: registration ? "account.register" : "account.create",
      actor: registration ? user : by,
      subject: subjectOf(user),
      detail: registration?.detail ?? role,
    });
    return user;
  });
}

/** The account behind an id. */
export function getUser({ db }: Pick<Deps, "db">, id: string): User {
  const user = findUserById(db, id);
  if (!user)
    throw new AppError("not_found", "There is no such account.", { hint: "It may have been deleted." });
  return user;
}

/** The account with this e-mail. */
export function getUserByEmail({ db }: Pick<Deps, "db">, email: string): User {
  const user = findUserByEmail(db, email.trim().toLowerCase());
  if (!user) throw new AppError("not_found", `Nobody has the e-mail ${email}.`);
  return user;
}

export interface PeopleQuery {
  /** Part of a name or an e-mail. */
  q?: string;
  limit?: number;
  cursor?: string | null;
}

/** By name; `total` counts all that match. */
export function listPeople(
  { db }: Pick<Deps, "db">,
  query: PeopleQuery = {},
): { items: User[]; nextCursor: string | null; total: number } {
  const limit = query.limit ?? 100;
  const q = cleanText(query.q ?? "", 200);
  const rows = pageOfUsers(db, q, limit + 1, parseNameCursor(query.cursor));
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const nextCursor = rows.length > limit && last ? nameCursor(last) : null;
  return { items, nextCursor, total: countUsers(db, q) };
}

const changeSchema = z
  .object({ name: nameSchema, email: emailSchema, role: roleSchema, quota: quotaSchema })
  .partial();

/** Changes what is given; people change their own name and e-mail, admins everybody's. A changed role ends the sessions of the account, a changed e-mail does not. */
export function changeAccount(deps: Needs, by: By, id: string, input: unknown): User {
  const { db, now } = deps;
  const change = parseInput(changeSchema, input);
  const isOwn = change.role === undefined && change.quota === undefined;
  if (by?.id !== id || !isOwn) requireMay(by, "people.manage");
  return db.transaction(() => {
    const before = getUser(deps, id);
    const { name = before.name, email = before.email, role = before.role } = change;
    const { quota: quotaBytes = before.quotaBytes } = change;
    if (role !== before.role) requireAnotherAdmin(deps, before, "change the role of");
    orEmailTaken(email, () => changeUser(db, id, { name, email, role, quotaBytes, updatedAt: now() }));
    const note = noteFor(deps, by, before);
    if (name !== before.name) note("account.change", `name: ${before.name} → ${name}`);
    if (quotaBytes !== before.quotaBytes) {
      note("account.change", `space: ${formatQuota(before.quotaBytes)} → ${formatQuota(quotaBytes)}`);
    }
    if (email !== before.email) {
      forgetOpenLinks(deps, id);
      note("account.email", `${before.email} → ${email}`);
    }
    if (role !== before.role) {
      closeSessions(deps, id);
      note("account.role", `${before.role} → ${role}`);
    }
    return getUser(deps, id);
  });
}

/** Sets a new password, and ends all sessions and open links of the account. */
export async function setPassword(deps: Needs, by: By, id: string, password: string): Promise<User> {
  requireMay(by, "people.manage");
  const checked = parseInput(z.object({ password: passwordSchema }), { password });
  const passwordHash = await hashPassword(checked.password);
  return deps.db.transaction(() => {
    const user = getUser(deps, id);
    changeUser(deps.db, id, { passwordHash, updatedAt: deps.now() });
    closeSessions(deps, id);
    forgetOpenLinks(deps, id);
    noteFor(deps, by, user)("account.password");
    return getUser(deps, id);
  });
}

/** A disabled account keeps all it has, and lets nobody in: no session, no token. */
export function disableAccount(deps: Needs, by: By, id: string): User {
  requireMay(by, "people.manage");
  return deps.db.transaction(() => {
    const user = getUser(deps, id);
    if (user.disabledAt !== null) return user;
    requireAnotherAdmin(deps, user, "disable");
    changeUser(deps.db, id, { disabledAt: deps.now(), updatedAt: deps.now() });
    closeSessions(deps, id);
    noteFor(deps, by, user)("account.disable");
    return getUser(deps, id);
  });
}

export function enableAccount(deps: Needs, by: By, id: string): User {
  requireMay(by, "people.manage");
  return deps.db.transaction(() => {
    const user = getUser(deps, id);
    if (user.disabledAt === null) return user;
    changeUser(deps.db, id, { disabledAt: null, updatedAt: deps.now() });
    noteFor(deps, by, user)("account.enable");
    return getUser(deps, id);
  });
}

/**
 * The account alone: what it owns must have gone before, by the feature that knows of all of it. It joins that
 * feature's transaction.
 */
export function deleteAccount(deps: Needs, by: By, id: string, detail: string): void {
  requireMay(by, "people.manage");
  const user = getUser(deps, id);
  requireAnotherAdmin(deps, user, "delete");
  deleteUserRow(deps.db, id);
  noteFor(deps, by, user)("account.delete", detail);
}

/** Somebody must be left who can let others in. */
export function requireAnotherAdmin({ db }: Pick<Deps, "db">, user: User, what: string): void {
  if (user.role !== "admin" || user.disabledAt !== null || countAdmins(db, user.id) > 0) return;
  throw new AppError("conflict", `You can't ${what} the last admin.`, {
    hint: "Make somebody else an admin first.",
  });
}

function noteFor(deps: Needs, by: By, user: User) {
  return (action: AuditAction, detail = "") =>
    noteAudit(deps, { action, actor: by, subject: subjectOf(user), detail });
}

function subjectOf({ id, email }: User) {
  return { kind: "account", id, name: email } as const;
}

/** Two people can take the same address at the same moment. */
function orEmailTaken<T>(email: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    if ((error as { code?: string }).code === "SQLITE_CONSTRAINT_UNIQUE") throw emailTaken(email);
    throw error;
  }
}

function emailTaken(email: string): AppError {
  return new AppError("conflict", `There is an account with the e-mail ${email} already.`, {
    field: "email",
  });
}
