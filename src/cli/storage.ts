import { loadConfig } from "../config.ts";
import { setUp } from "./storage-setup.ts";
import { UsageError, readArgs } from "./terminal.ts";
import type { Command } from "./terminal.ts";

const help = `homereel storage setup [--show] [--json]

"setup" gives the bucket of [storage.s3] what it should have: leave for browsers at server.public_url to read from it and
send to it (CORS), and a rule that clears away uploads that were cut off. Rules of others stay. --show changes nothing, and
prints what would be set, for a bucket on which Homereel's key has no right to do so.`;

const options = {
  show: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

export const storageCommand: Command = {
  async run(args) {
    const { values, positionals } = readArgs(args, options);
    const [action, ...more] = positionals;
    if (values.help || action === undefined) {
      console.log(help);
      return 0;
    }
    if (action !== "setup" || more.length > 0)
      throw new UsageError(`"storage ${positionals.join(" ")}" is no command.\n\n${help}`);
    return setUp(loadConfig(process.env, values.config).config, values);
  },
};
