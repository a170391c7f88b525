import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { canPassLater } from "../lib/errors.ts";
import { ApiRefused, callApi, type Server } from "./api-client.ts";
import { findLogin } from "./saved-login.ts";
import { CommandFailed, UsageError, cleanForTerminal, readArgs } from "./terminal.ts";
import type { Command } from "./terminal.ts";
import { uploadMemory } from "./upload-memory.ts";
import { barOf, plainLinesOf } from "./upload-progress.ts";
import { type LocalFile, sendFile, type UploadWishes } from "./upload-send.ts";

const help = `homereel upload FILE… [--title TITLE] [--tags a,b] [--private] [--again] [--wait] [--json]

Sends files to the server of "homereel login", one after the other. What was interrupted, by Ctrl-C or by the line, goes
on where it was when the same command runs again. A file that is there already is left out, unless --again. --wait
stays until the videos are ready. The exit code is 1 where a file was refused, or its video failed while this waited.`;

export const uploadCommand: Command = {
  async run(args) {
    const { values, positionals } = readArgs(args, {
      title: { type: "string" },
      tags: { type: "string" },
      private: { type: "boolean", default: false },
      again: { type: "boolean", default: false },
      wait: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    if (values.help) return show(help);
    if (positionals.length === 0) throw new UsageError(`Give a file to send.\n\n${help}`);
    if (values.title !== undefined && positionals.length > 1)
      throw new UsageError("--title is for one file; the others get it from their names.");
    const server = findLogin(process.env);
    if (!server) throw new CommandFailed('Not logged in. "homereel login URL" does it.');

    const stop = new AbortController();
    process.once("SIGINT", () => stop.abort());
    const run: Run = {
      server,
      wishes: wishesOf(values),
      again: values.again,
      isQuiet: values.json,
      stop: stop.signal,
    };
    const outcomes: Outcome[] = [];
    for (const path of positionals) {
      if (stop.signal.aborted) break;
      const outcome = await uploadOne(run, path);
      outcomes.push(outcome);
      if (!values.json) announce(server, outcome);
    }
    if (values.wait) for (const outcome of outcomes) await waitFor(run, outcome);
    if (values.json) console.log(JSON.stringify(outcomes, null, 2));
    if (stop.signal.aborted) console.error("Stopped. The same command goes on where it was.");
    const failed = outcomes.some(
      ({ state }) => state === "refused" || state === "failed" || state === "stopped",
    );
    return failed || stop.signal.aborted ? 1 : 0;
  },
};

interface Run {
  server: Server;
  wishes: UploadWishes;
  again: boolean;
  isQuiet: boolean;
  stop: AbortSignal;
}

/** What became of one file. */
interface Outcome {
  file: string;
  state: "sent" | "known" | "ready" | "failed" | "refused" | "stopped";
  video_id: string | null;
  /** `retryable`: whether the same file may pass when it is sent again. */
  error: { message: string; retryable: boolean } | null;
}

async function uploadOne(run: Run, path: string): Promise<Outcome> {
  const { server, wishes, stop } = run;
  const view = process.stderr.isTTY ? barOf(process.stderr) : plainLinesOf(process.stderr);
  try {
    const file = look(path);
    const memory = uploadMemory(process.env, server.url);
    const id = memory.find(file);
    const known = id === null && !run.again ? await findKnown(server, file) : null;
    if (known !== null) return { file: path, state: "known", video_id: known, error: null };
    const watcher = {
      placed: (id: string | null) => (id === null ? memory.forget(file) : memory.keep(file, id)),
      sent: (bytes: number) => run.isQuiet || view.show(file, bytes),
    };
    const videoId = await sendFile(server, file, { id, wishes }, watcher, stop);
    memory.forget(file);
    return { file: path, state: "sent", video_id: videoId, error: null };
  } catch (error) {
    if (stop.aborted) return { file: path, state: "stopped", video_id: null, error: null };
    if (!(error instanceof CommandFailed) || isAboutUs(error)) throw error;
    const retryable = error instanceof ApiRefused && canPassLater(error.code);
    return { file: path, state: "refused", video_id: null, error: { message: error.message, retryable } };
  } finally {
    view.close();
  }
}

/** Where we are refused, or there is no server, the next file fares no better. */
function isAboutUs(error: Error): boolean {
  return error instanceof ApiRefused && [0, 401, 403, 429].includes(error.status);
}

function look(path: string): LocalFile {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new CommandFailed("There is no such file.");
  if (!found.isFile()) throw new CommandFailed("It is not a file.");
  return { path: resolve(path), name: basename(path), sizeBytes: found.size, modified: found.mtimeMs };
}

/** The id of a video that this file became already. */
async function findKnown(server: Server, { name, sizeBytes }: LocalFile): Promise<string | null> {
  const query = new URLSearchParams({ filename: name, size_bytes: String(sizeBytes) });
  const { video } = await callApi<{ video: { id: string } | null }>(server, "GET", `/uploads/known?${query}`);
  return video?.id ?? null;
}

interface Shelved {
  state: string;
  error: { code: string; message: string } | null;
}

/** Stays until it is ready, or is stopped. */
async function waitFor({ server, stop, isQuiet }: Run, outcome: Outcome): Promise<void> {
  while (outcome.state === "sent" && !stop.aborted) {
    const { state, error } = await callApi<Shelved>(server, "GET", `/videos/${outcome.video_id}`);
    if (state === "READY") outcome.state = "ready";
    if (state === "FAILED") {
      const retryable = canPassLater(error?.code ?? "");
      Object.assign(outcome, { state: "failed", error: { ...error, retryable } });
    }
    if (outcome.state === "sent") await Bun.sleep(1000);
    else if (!isQuiet) announce(server, outcome);
  }
}

function announce({ url }: Server, { file, state, video_id: id, error }: Outcome): void {
  const page = `${url}/videos/${id}`;
  if (state === "sent") console.log(cleanForTerminal(`Sent ${file}: ${page}`));
  if (state === "known") console.log(cleanForTerminal(`There already: ${file}: ${page}`));
  if (state === "ready") console.log(cleanForTerminal(`Ready: ${file}: ${page}`));
  if (state === "failed" || state === "refused")
    console.error(cleanForTerminal(`${file}: ${error?.message}`));
}

function wishesOf(values: { title?: string; tags?: string; private: boolean }): UploadWishes {
  const { title, tags } = values;
  return {
    ...(title === undefined ? {} : { title }),
    ...(tags === undefined ? {} : { tags }),
    ...(values.private ? { visibility: "private" } : {}),
  };
}

function show(text: string): number {
  console.log(text);
  return 0;
}
