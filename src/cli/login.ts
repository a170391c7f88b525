import { hostname } from "node:os";
import { callApi } from "./api-client.ts";
import { findLogin, saveLogin } from "./saved-login.ts";
import { CommandFailed, UsageError, readArgs, readLine, readSecret } from "./terminal.ts";
import type { Command } from "./terminal.ts";

const help = `homereel login URL [--email EMAIL] [--password PASSWORD] [--admin] [--days DAYS]
homereel login --status [--json]

Makes an API token on a running server and keeps it for the commands that talk to it. With --admin it may
also administer. It is good for a year, or for --days. Without --password it is read from the standard input.`;

interface Me {
  user: { email: string; role: string };
  scopes: string[] | null;
}

export const loginCommand: Command = {
  async run(args) {
    const { values, positionals } = readArgs(args, {
      email: { type: "string" },
      password: { type: "string" },
      admin: { type: "boolean", default: false },
      days: { type: "string", default: "365" },
      status: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    if (values.help) return show(help);
    if (values.status) return status(values.json);
    const [address, ...more] = positionals;
    if (address === undefined || more.length > 0)
      throw new UsageError(`Give the address of a server.\n\n${help}`);
    const url = originOf(address);
    const email = values.email ?? (await readLine("E-mail"));
    const password = values.password ?? (await readSecret("Password"));
    const session = await callApi<{ token: string }>({ url }, "POST", "/auth/login", { email, password });
    const token = await makeToken({ url, token: session.token }, values.admin, daysOf(values.days));
    const path = saveLogin(process.env, { url, token, email });
    return show(`Logged in to ${url} as ${email}. The token is kept in ${path}.`);
  },
};

/** The session is only there to make the token, and ends at once. */
async function makeToken(
  server: { url: string; token: string },
  admin: boolean,
  days: number,
): Promise<string> {
  const scopes = ["read", "download", "upload", ...(admin ? ["admin"] : [])];
  const wish = { name: `Command line on ${hostname()}`, scopes, expires_in_days: days };
  try {
    return (await callApi<{ token: string }>(server, "POST", "/auth/tokens", wish)).token;
  } finally {
    await callApi(server, "POST", "/auth/logout");
  }
}

async function status(asJson: boolean): Promise<number> {
  const saved = findLogin(process.env);
  if (!saved) throw new CommandFailed('Not logged in. "homereel login URL" does it.');
  const { user, scopes } = await callApi<Me>(saved, "GET", "/auth/verify");
  if (asJson) return show(JSON.stringify({ url: saved.url, email: user.email, role: user.role, scopes }));
  return show(`Logged in to ${saved.url} as ${user.email} (${user.role}); may ${(scopes ?? []).join(", ")}.`);
}

function originOf(address: string): string {
  const url = URL.parse(address.includes("://") ? address : `http://${address}`);
  if (url && /^https?:$/.test(url.protocol) && url.username === "" && url.pathname === "/") return url.origin;
  throw new UsageError(`"${address}" is no address of a server: it looks like https://videos.example.org.`);
}

function daysOf(text: string): number {
  const days = Number(text);
  if (Number.isInteger(days) && days >= 1 && days <= 3650) return days;
  throw new UsageError(`--days ${text}: accepted is a whole number from 1 to 3650.`);
}

function show(text: string): number {
  console.log(text);
  return 0;
}
