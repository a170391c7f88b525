import { readFileSync } from "node:fs";
import { presets } from "../lib/download-options.ts";
import { bars, plainLines } from "./download-progress.ts";
import { follow } from "./download-follow.ts";
import { type Outcome, send, type Wishes } from "./download-send.ts";
import { findLogin } from "./saved-login.ts";
import { CommandFailed, UsageError, cleanForTerminal, readArgs } from "./terminal.ts";
import type { Command } from "./terminal.ts";

const help = `homereel download URL… [--file LIST] [--title TITLE] [--tags a,b] [--format FORMAT] [--long] [--private]
                  [--wait] [--pace SECONDS] [--json]

Downloads on the server of "homereel login". --file reads addresses from a file, or from the standard input
with "-": one a line, blank lines and lines that begin with # are left out. They are sent a few at a time, with
--pace seconds between (2 unless said). Formats: ${presets.join(", ")}.
Unless said, it is that of your default profile, else everywhere: what plays in every browser.
--long takes the long lane. --wait stays until all is done, and shows how far it is; Ctrl-C then leaves the
downloads running. The exit code is 1 where a download was refused, or failed while this waited for it.`;

export const downloadCommand: Command = {
  async run(args) {
    const { values, positionals } = readArgs(args, {
      file: { type: "string" },
      title: { type: "string" },
      tags: { type: "string" },
      format: { type: "string" },
      long: { type: "boolean", default: false },
      private: { type: "boolean", default: false },
      wait: { type: "boolean", default: false },
      pace: { type: "string", default: "2" },
      json: { type: "boolean", default: false },
    });
    if (values.help) return show(help);
    const urls = [...positionals, ...(values.file === undefined ? [] : readList(values.file))];
    if (urls.length === 0) throw new UsageError(`Give an address to download.\n\n${help}`);
    if (values.title !== undefined && urls.length > 1)
      throw new UsageError("--title is for one video; the others get it from their sites.");
    const wishes = wishesOf(values);
    const paceMs = secondsOf(values.pace) * 1000;
    const server = findLogin(process.env);
    if (!server) throw new CommandFailed('Not logged in. "homereel login URL" does it.');

    const outcomes = await send(server, urls, wishes, { paceMs, onOutcome: values.json ? silent : announce });
    if (!values.wait) return finish(outcomes, values.json);
    const stop = new AbortController();
    process.once("SIGINT", () => stop.abort());
    const showIn = process.stderr.isTTY ? bars : plainLines;
    const view = showIn(process.stderr, values.json ? silent : console.log);
    const all = await follow(server, outcomes, view, stop.signal);
    if (stop.signal.aborted)
      console.error(`This goes on downloading on the server; ${server.url}/downloads shows how far it is.`);
    const code = finish(all, values.json);
    return stop.signal.aborted ? 1 : code;
  },
};

interface Values {
  title?: string;
  tags?: string;
  format?: string;
  long: boolean;
  private: boolean;
}

function wishesOf({ title, tags, format, long, private: isPrivate }: Values): Wishes {
  const preset = presets.find((one) => one === format);
  if (format !== undefined && !preset)
    throw new UsageError(`--format ${format}: accepted is ${presets.join(", ")}.`);
  return {
    ...(title === undefined ? {} : { title }),
    ...(tags === undefined ? {} : { tags: tags.split(",") }),
    ...(preset ? { options: { preset } } : {}),
    ...(long ? { force_long: true } : {}),
    ...(isPrivate ? { visibility: "private" } : {}),
  };
}

function readList(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (error) {
    throw new CommandFailed(`${path} can't be read: ${(error as Error).message}`);
  }
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  return lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && seconds >= 0 && seconds <= 3600) return seconds;
  throw new UsageError(`--pace ${text}: accepted are seconds from 0 to 3600.`);
}

function silent(): void {}

function announce({ url, download, error }: Outcome): void {
  if (download) console.log(cleanForTerminal(`Queued ${download.id} ${url}`));
  else console.error(cleanForTerminal(`${url}: ${error?.message}`));
}

function finish(outcomes: Outcome[], asJson: boolean): number {
  if (asJson)
    console.log(
      JSON.stringify(
        outcomes.map(({ url, download, error }) => download ?? { url, error }),
        null,
        2,
      ),
    );
  const failed = outcomes.some(
    ({ download }) => !download || download.state === "failed" || download.state === "cancelled",
  );
  return failed ? 1 : 0;
}

function show(text: string): number {
  console.log(text);
  return 0;
}
