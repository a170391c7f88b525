import { loadConfig } from "../config.ts";
import { showIncoming } from "./storage-incoming.ts";
import { migrateStorage } from "./storage-migrate.ts";
import { setUp } from "./storage-setup.ts";
import { UsageError, readArgs } from "./terminal.ts";
import type { Command } from "./terminal.ts";

const help = `homereel storage migrate --to s3|disk [--no-wait] [--json]
homereel storage migrate --status | --stop [--json]
homereel storage setup [--show] [--json]
homereel storage incoming [--json]

"migrate" has the server move every file to the other storage, while all of it plays, and shows how far it is. Each file is
compared by its checksum before its row changes; the old one goes after [storage] keep_moved_hours. Ctrl-C only stops
showing it; --stop stops the move, and the same command goes on with it. --to the other side takes it back.

"setup" gives the bucket of [storage.s3] what it should have: leave for browsers at server.public_url to read from it and
send to it (CORS), and a rule that clears away uploads that were cut off. Rules of others stay. --show changes nothing, and
prints what would be set, for a bucket on which Homereel's key has no right to do so.

"incoming" names the files in incoming/ of the bucket that could not become videos, and why. It reads the database of this
machine, also while a server runs.`;

const options = {
  to: { type: "string" },
  "no-wait": { type: "boolean", default: false },
  status: { type: "boolean", default: false },
  stop: { type: "boolean", default: false },
  show: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

export const storageCommand: Command = {
  async run(args, program) {
    const { values, positionals } = readArgs(args, options);
    const [action, ...more] = positionals;
    if (values.help || action === undefined) {
      console.log(help);
      return 0;
    }
    if (!["migrate", "setup", "incoming"].includes(action) || more.length > 0)
      throw new UsageError(`"storage ${positionals.join(" ")}" is no command.\n\n${help}`);
    const { to, status, stop, json } = values;
    if (action === "setup") return setUp(loadConfig(process.env, values.config).config, values);
    if (action === "incoming") return showIncoming(loadConfig(process.env, values.config).config, json);
    const wishes = Number(to !== undefined) + Number(status) + Number(stop);
    if (wishes !== 1 || (to !== undefined && to !== "s3" && to !== "disk"))
      throw new UsageError(`Give --to s3, --to disk, --status or --stop.\n\n${help}`);
    const { config } = loadConfig(process.env, values.config);
    return migrateStorage(program, config, { to, stop, json, wait: !values["no-wait"] && to !== undefined });
  },
};
