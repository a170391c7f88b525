import { loadConfig } from "../config.ts";
import { migrate } from "../db/migrate.ts";
import { openDatabase } from "../db/open.ts";
import type { Deps } from "../deps.ts";
import { Events } from "../events/events.ts";
import { findLastFailure, getDownload, listDownloads, readLog } from "../features/downloads/downloads.ts";
import { removeAll, removeEach, retryAll, retryEach } from "./jobs-steer.ts";
import { findLogin } from "./saved-login.ts";
import { CommandFailed, UsageError, cleanForTerminal, printTable, readArgs } from "./terminal.ts";
import type { Command } from "./terminal.ts";

const help = `homereel jobs list [--failed] [--limit N] [--json]
homereel jobs logs ID | --last-failure [--json]
homereel jobs retry ID… | --failed [--json]
homereel jobs remove ID… | --failed [--json]

"list" shows downloads, newest first; "logs" what yt-dlp said of one, without secrets. Both read the database of this
machine, also while a server runs. "retry" starts downloads again on the server of "homereel login": those that are
named, or of all that failed those that would not fail again in the same way. "remove" takes what failed or was
cancelled off the list there; with --failed, all that would fail again.`;

const options = {
  failed: { type: "boolean", default: false },
  "last-failure": { type: "boolean", default: false },
  limit: { type: "string", default: "50" },
  json: { type: "boolean", default: false },
} as const;

type Reading = Pick<Deps, "config" | "db" | "events" | "now">;

export const jobsCommand: Command = {
  async run(args) {
    const { values, positionals } = readArgs(args, options);
    const [action, id, more] = positionals;
    if (values.help || action === undefined) return show(help);
    if (action === "retry") return retry(positionals.slice(1), values);
    if (action === "remove") return remove(positionals.slice(1), values);
    const extra = action === "list" ? id : more;
    if (extra !== undefined) throw new UsageError(`"${extra}" is one argument too many.\n\n${help}`);
    if (action === "list") return list(openReading(values.config), values);
    if (action !== "logs") throw new UsageError(`"jobs ${action}" is no command.\n\n${help}`);
    if ((id === undefined) !== values["last-failure"])
      throw new UsageError(`Give the id of a download, or --last-failure.\n\n${help}`);
    return showLog(openReading(values.config), id, values.json);
  },
};

function openReading(configFile: string | undefined): Reading {
  const { config } = loadConfig(process.env, configFile);
  const db = openDatabase(config.data.dir);
  migrate(db, config.data.dir);
  return { config, db, events: new Events(), now: Date.now };
}

function list(
  deps: Reading,
  { failed, limit, json }: { failed: boolean; limit: string; json: boolean },
): number {
  if (!/^(?:[1-9]\d?|1\d\d|200)$/.test(limit)) throw new UsageError("--limit takes a number from 1 to 200.");
  const states = failed ? (["failed"] as const) : undefined;
  const { items } = listDownloads(deps, null, { states, limit: Number(limit) });
  if (json) {
    const rows = items.map(({ id, state, lane, title, url, error, createdAt }) => {
      return { id, state, lane, title, url, error, created_at: isoTime(createdAt) };
    });
    return show(JSON.stringify(rows, null, 2));
  }
  printTable([
    ["Id", "State", "Lane", "Asked for", "Title", "Error"],
    ...items.map(({ id, state, lane, title, error, createdAt }) => {
      const time = isoTime(createdAt).slice(0, 16).replace("T", " ");
      return [id, state, lane, time, shorten(title), error?.code ?? ""];
    }),
  ]);
  return 0;
}

function showLog(deps: Reading, given: string | undefined, json: boolean): number {
  const id = given ?? findLastFailure(deps);
  if (id === null) throw new CommandFailed("No download has failed.");
  const { title, url, state, error } = getDownload(deps, null, id);
  const log = readLog(deps, null, id);
  if (json) return show(JSON.stringify({ id, title, url, state, error, log }, null, 2));
  const head = [`${id}  ${title}`, url, error ? `${error.message} ${error.hint}`.trim() : state];
  return show(cleanForTerminal([...head, "", log || "Nothing was said yet."].join("\n")));
}

async function retry(ids: string[], { failed, json }: { failed: boolean; json: boolean }): Promise<number> {
  if (failed === ids.length > 0) throw new UsageError(`Give the ids of downloads, or --failed.\n\n${help}`);
  return failed ? retryAll(theServer(), json) : retryEach(theServer(), ids, json);
}

async function remove(ids: string[], { failed, json }: { failed: boolean; json: boolean }): Promise<number> {
  if (failed === ids.length > 0) throw new UsageError(`Give the ids of downloads, or --failed.\n\n${help}`);
  return failed ? removeAll(theServer(), json) : removeEach(theServer(), ids, json);
}

function theServer() {
  const server = findLogin(process.env);
  if (!server) throw new CommandFailed('Not logged in. "homereel login URL" does it.');
  return server;
}

function shorten(text: string): string {
  return text.length > 50 ? `${text.slice(0, 49)}…` : text;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function show(text: string): number {
  console.log(text.trimEnd());
  return 0;
}
