import { loadConfig } from "../config.ts";
import type { Role } from "../db/schema.ts";
import { createUser, getUserByEmail, listPeople, setPassword } from "../features/accounts/accounts.ts";
import { openDatabase } from "../db/open.ts";
import { migrate } from "../db/migrate.ts";
import { UsageError, printTable, readArgs, readSecret } from "./terminal.ts";
import type { Command } from "./terminal.ts";

const help = `homereel users list [--json]
homereel users create EMAIL [--name NAME] [--role admin|user|viewer] [--password PASSWORD]
homereel users password EMAIL [--password PASSWORD]

Without --password it is read from the standard input, so that it does not stay in the shell's history.`;

const roles = ["admin", "user", "viewer"] as const satisfies readonly Role[];

export const usersCommand: Command = {
  async run(args) {
    const { values, positionals } = readArgs(args, {
      name: { type: "string" },
      role: { type: "string", default: "user" },
      password: { type: "string" },
      json: { type: "boolean" },
    });
    const [action, email = "", ...more] = positionals;
    if (values.help || action === undefined) return show(help);
    if (more.length > 0) throw new UsageError(`"${more[0]}" is one argument too many.\n\n${help}`);
    const deps = openAccounts(values.config);
    if (action === "list") return list(deps, values.json === true);
    if (email === "") throw new UsageError(`Give the e-mail address.\n\n${help}`);
    const password = values.password ?? (await readSecret("Password"));
    if (action === "create") {
      const role = roles.find((one) => one === values.role);
      if (!role) throw new UsageError(`--role ${values.role}: accepted are ${roles.join(", ")}.`);
      const user = await createUser(deps, null, {
        name: values.name ?? email.split("@")[0],
        email,
        password,
        role,
      });
      return show(`Made the ${user.role} ${user.email}.`);
    }
    if (action === "password") {
      const user = await setPassword(deps, null, getUserByEmail(deps, email).id, password);
      return show(`Set the password of ${user.email}; all its sessions have ended.`);
    }
    throw new UsageError(`"users ${action}" is no command.\n\n${help}`);
  },
};

function openAccounts(configFile: string | undefined) {
  const { config } = loadConfig(process.env, configFile);
  const db = openDatabase(config.data.dir);
  migrate(db, config.data.dir);
  return { db, now: Date.now, from: { address: "command line", userAgent: "" } };
}

function list(deps: ReturnType<typeof openAccounts>, asJson: boolean): number {
  const users = listPeople(deps, { limit: 100_000 }).items.map(
    ({ id, email, name, role, createdAt, disabledAt }) => ({
      id,
      email,
      name,
      role,
      created_at: new Date(createdAt).toISOString(),
      disabled: disabledAt !== null,
    }),
  );
  if (asJson) return show(JSON.stringify(users, null, 2));
  printTable([
    ["E-mail", "Name", "Role", "Since"],
    ...users.map((user) => [user.email, user.name, user.role, user.created_at.slice(0, 10)]),
  ]);
  return 0;
}

function show(text: string): number {
  console.log(text);
  return 0;
}
