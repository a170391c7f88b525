import type { Config } from "../config.ts";
import { lockDataFolder } from "../db/open.ts";
import { findProgress, startMove, stopMove } from "../features/storage/storage.ts";
import type { MoveProgress } from "../features/storage/storage.ts";
import { formatBytes } from "../lib/bytes.ts";
import { cleanForTerminal } from "./terminal.ts";
import type { Program } from "./terminal.ts";
import { fromCommandLine } from "./users-delete.ts";

interface Wish {
  to: "s3" | "disk" | undefined;
  stop: boolean;
  wait: boolean;
  json: boolean;
}

const intervalMs = 500;
const places = { s3: "the bucket", disk: "the disk" };

/**
 * Starts, stops or shows a move; the server that runs on the data folder does the work. The exit code is 1 where files
 * stayed behind.
 */
export async function migrateStorage({ loadApp }: Program, config: Config, wish: Wish): Promise<number> {
  const { openApp } = await loadApp();
  const app = openApp(config);
  const deps = { ...app.deps, from: fromCommandLine };
  try {
    if (wish.to) startMove(deps, null, { to: wish.to });
    if (wish.stop) stopMove(deps, null);
    const isServed = hasServer(config);
    if (wish.wait && isServed) await follow(() => findProgress(deps), wish.json);
    const progress = findProgress(deps);
    if (wish.json) console.log(JSON.stringify(progress && facts(progress)));
    else {
      console.log(progress ? sentence(progress) : "Nothing was ever moved.");
      if (progress?.state === "running" && !isServed) console.log("It goes on when the server runs.");
      if (wish.to && wish.to !== config.storage.driver)
        console.log(
          `New files still go to ${places[config.storage.driver]}: set [storage] driver = "${wish.to}".`,
        );
    }
    return progress && progress.state !== "running" && progress.filesFailed > 0 ? 1 : 0;
  } finally {
    await app.stop();
  }
}

/** Looks every now and then, until it is over or somebody presses Ctrl-C. */
async function follow(look: () => MoveProgress | null, json: boolean): Promise<void> {
  const isShown = !json && process.stderr.isTTY;
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once("SIGINT", interrupt);
  try {
    for (
      let progress = look();
      progress?.state === "running" && !interrupted.signal.aborted;
      progress = look()
    ) {
      if (isShown) process.stderr.write(`\r\u001b[K${sentence(progress)}`);
      await Bun.sleep(intervalMs);
    }
  } finally {
    process.off("SIGINT", interrupt);
    if (isShown) process.stderr.write("\r\u001b[K");
  }
}

function sentence({
  state,
  target,
  filesMoved,
  bytesMoved,
  left,
  filesFailed,
  lastFailure,
}: MoveProgress): string {
  const to = places[target];
  const moved = `${filesMoved} of ${filesMoved + left.files} files, ${formatBytes(bytesMoved)} of ${formatBytes(bytesMoved + left.bytes)}`;
  const words = {
    running: `Moving to ${to}: ${moved}.`,
    stopped: `The move to ${to} was stopped: ${moved}.`,
    done: `Moved to ${to}: ${moved}.`,
  };
  const failed = filesFailed > 0 ? ` ${filesFailed} stayed where they are.` : "";
  const why = lastFailure === null || (state === "done" && filesFailed === 0) ? "" : ` ${lastFailure}`;
  return cleanForTerminal(words[state] + failed + why);
}

function facts({ target, state, filesMoved, bytesMoved, left, filesFailed, lastFailure }: MoveProgress) {
  return {
    to: target,
    state,
    files_moved: filesMoved,
    bytes_moved: bytesMoved,
    files_left: left.files,
    bytes_left: left.bytes,
    files_failed: filesFailed,
    last_failure: lastFailure,
  };
}

/** Whoever serves a data folder holds its lock. */
function hasServer(config: Config): boolean {
  const lock = lockDataFolder(config.data.dir);
  lock?.release();
  return lock === null;
}
