import { loadConfig } from "../config.ts";
import { migrate } from "../db/migrate.ts";
import { openDatabase } from "../db/open.ts";
import type { Deps } from "../deps.ts";
import {
  changeAccount,
  createUser,
  disableAccount,
  enableAccount,
  getUserByEmail,
  setPassword,
} from "../features/accounts/accounts.ts";
import { listPeople } from "../features/admin/admin.ts";
import { formatQuota } from "../lib/quota.ts";
import { roles } from "../lib/permissions.ts";
import type { Role } from "../lib/permissions.ts";
import { UsageError, printTable, readArgs, readSecret } from "./terminal.ts";
import type { Command } from "./terminal.ts";
import { deleteUser, fromCommandLine } from "./users-delete.ts";

const help = `homereel users list [--json]
homereel users create EMAIL [--name NAME] [--role ${roles.join("|")}] [--password PASSWORD]
homereel users role EMAIL ${roles.join("|")}
homereel users password EMAIL [--password PASSWORD]
homereel users quota EMAIL SIZE|none|default
homereel users disable EMAIL
homereel users enable EMAIL
homereel users delete EMAIL [--hand-over EMAIL | --delete-videos]

Without --password it is read from the standard input, so that it does not stay in the shell's history.
Who has videos is deleted only with one of the two options: they become somebody else's, or are deleted.
All of this can be done while a server runs, and holds there at once.`;

const options = {
  name: { type: "string" },
  role: { type: "string", default: "user" },
  password: { type: "string" },
  "hand-over": { type: "string" },
  "delete-videos": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

interface Given {
  email: string;
  /** What stands after the e-mail. */
  more: string;
  name?: string;
  role: string;
  password?: string;
}

type Accounts = Pick<Deps, "db" | "now" | "from">;
/** Returns what it did, in a sentence. */
type Action = (deps: Accounts, given: Given) => string | Promise<string>;

export const usersCommand: Command = {
  async run(args, program) {
    const { values, positionals } = readArgs(args, options);
    const [action, email = "", more = "", ...rest] = positionals;
    if (values.help || action === undefined) return show(help);
    const known = action === "list" || action === "delete" || Object.hasOwn(actions, action);
    if (!known) throw new UsageError(`"users ${action}" is no command.\n\n${help}`);
    const tooMany = rest[0] ?? (action === "role" || action === "quota" ? "" : more) ?? "";
    if (tooMany !== "") throw new UsageError(`"${tooMany}" is one argument too many.\n\n${help}`);
    if (action === "list") return list(openAccounts(values.config), values.json);
    if (email === "") throw new UsageError(`Give the e-mail address.\n\n${help}`);
    if (action === "delete") {
      const fate = { handOver: values["hand-over"], deleteVideos: values["delete-videos"] };
      return show(await deleteUser(program, values.config, email, fate));
    }
    const act = actions[action];
    return show(act ? await act(openAccounts(values.config), { ...values, email, more }) : help);
  },
};

const actions: Record<string, Action> = {
  async create(deps, given) {
    const role = roleOf(given.role);
    const name = given.name ?? given.email.split("@")[0];
    const password = await passwordOf(given);
    const user = await createUser(deps, null, { name, email: given.email, password, role });
    return `Made the ${user.role} ${user.email}.`;
  },

  role(deps, { email, more }) {
    const role = roleOf(more);
    const before = getUserByEmail(deps, email);
    const user = changeAccount(deps, null, before.id, { role });
    if (before.role === role) return `The role of ${user.email} is ${role} already.`;
    return `The role of ${user.email} is ${role} now; all its sessions have ended.`;
  },

  quota(deps, { email, more }) {
    if (more === "") throw new UsageError("Give a size like 50GB, none for no limit, or default.");
    const { id } = getUserByEmail(deps, email);
    const user = changeAccount(deps, null, id, { quota: more });
    return `The files of ${user.email} may take: ${formatQuota(user.quotaBytes)}.`;
  },

  async password(deps, given) {
    const { id } = getUserByEmail(deps, given.email);
    const user = await setPassword(deps, null, id, await passwordOf(given));
    return `Set the password of ${user.email}; all its sessions have ended.`;
  },

  disable(deps, { email }) {
    const user = disableAccount(deps, null, getUserByEmail(deps, email).id);
    return `Disabled ${user.email}; all its sessions have ended.`;
  },

  enable(deps, { email }) {
    return `Enabled ${enableAccount(deps, null, getUserByEmail(deps, email).id).email}.`;
  },
};

function openAccounts(configFile: string | undefined): Accounts {
  const { config } = loadConfig(process.env, configFile);
  const db = openDatabase(config.data.dir);
  migrate(db, config.data.dir);
  return { db, now: Date.now, from: fromCommandLine };
}

function roleOf(text: string): Role {
  const role = roles.find((one) => one === text);
  if (role) return role;
  const what = text === "" ? "Give a role" : `"${text}" is no role`;
  throw new UsageError(`${what}: accepted are ${roles.join(", ")}.`);
}

async function passwordOf({ password }: Given): Promise<string> {
  return password ?? readSecret("Password");
}

function list(deps: Accounts, asJson: boolean): number {
  const people = listPeople(deps, { limit: 100_000 }).items;
  if (asJson) {
    const rows = people.map(({ id, email, name, role, disabled, videos, createdAt, lastLoginAt }) => {
      const times = { created_at: isoTime(createdAt), last_login_at: lastLoginAt && isoTime(lastLoginAt) };
      return { id, email, name, role, disabled, videos, ...times };
    });
    return show(JSON.stringify(rows, null, 2));
  }
  printTable([
    ["E-mail", "Name", "Role", "State", "Videos", "Last login"],
    ...people.map(({ email, name, role, disabled, videos, lastLoginAt }) => {
      const last = lastLoginAt === null ? "never" : isoTime(lastLoginAt).slice(0, 10);
      return [email, name, role, disabled ? "disabled" : "", String(videos), last];
    }),
  ]);
  return 0;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function show(text: string): number {
  console.log(text);
  return 0;
}
