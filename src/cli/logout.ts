import { callApi } from "./api-client.ts";
import { findLogin, forgetLogin } from "./saved-login.ts";
import { CommandFailed, UsageError, readArgs } from "./terminal.ts";
import type { Command } from "./terminal.ts";

const help = `homereel logout

Revokes the token that "homereel login" made, and forgets it.`;

export const logoutCommand: Command = {
  async run(args) {
    const { values, positionals } = readArgs(args, {});
    if (values.help) {
      console.log(help);
      return 0;
    }
    if (positionals.length > 0) throw new UsageError(help);
    const saved = findLogin(process.env);
    if (!saved) throw new CommandFailed('Not logged in. "homereel login URL" does it.');
    forgetLogin(process.env);
    await callApi(saved, "POST", "/auth/logout");
    console.log(`Logged out of ${saved.url}.`);
    return 0;
  },
};
