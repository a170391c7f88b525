import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { newId } from "../lib/ids.ts";
import { findGuard, type Guard } from "./guard.ts";
import { collectBytes, collectTail, splitLines, type Sink } from "./output.ts";
import { childMark, killMarked, sendSignal } from "./strays.ts";

export interface RunOptions {
  /** Program first, by name or path. */
  argv: readonly string[];
  /** Also its HOME and TMPDIR: a folder of its own, so that nothing of ours or of another job is read. */
  cwd: string;
  /** Added to PATH, LANG, HOME and TMPDIR; nothing else of our environment reaches the child. */
  env?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
  /** How long it may take in milliseconds; 0 means no limit. */
  deadlineMs?: number;
  /** How long it may show no sign of life in milliseconds: no output, and `alive` the same; 0 means no limit. */
  stallMs?: number;
  /** A value that changes while work goes on, such as the size of the file that is written. */
  alive?: () => number | string | Promise<number | string>;
  /** Takes stdout line by line (ended by \n or \r, empty ones left out) instead of collecting it. */
  onStdoutLine?: (line: string) => void;
  onStderrLine?: (line: string) => void;
  stdin?: Uint8Array | ReadableStream<Uint8Array>;
  /** 16 MiB unless said; more is a failure. */
  maxStdoutBytes?: number;
  /** Exit codes that are no failure; `[0]` unless said. */
  okExitCodes?: readonly number[];
  /** The strongest that works here, unless said. */
  guard?: Guard;
}

export interface RunResult {
  exitCode: number;
  /** UTF-8 with replacement characters; empty where `onStdoutLine` took it. */
  stdout: string;
  /** The same bytes undecoded. */
  stdoutBytes: Uint8Array;
  /** The last 16 KiB. May quote paths of this machine: not for people who are no admins. */
  stderrTail: string;
}

export type RunFailure = "exit" | "deadline" | "stalled" | "aborted" | "missing" | "output_too_large";

/** A child program that did not do its work; `cause` is the signal's reason where it was aborted. */
export class RunError extends Error {
  override readonly name = "RunError";
  readonly reason: RunFailure;
  /** 128 + n where signal n ended it; null where it did not run or was stopped by us. */
  readonly exitCode: number | null;
  readonly stderrTail: string;

  constructor(
    reason: RunFailure,
    program: string,
    details: { exitCode?: number | null; stderrTail?: string; cause?: unknown } = {},
  ) {
    const code = details.exitCode == null ? "" : ` (exit code ${details.exitCode})`;
    super(`${program}: ${reason}${code}`, details.cause === undefined ? undefined : { cause: details.cause });
    this.reason = reason;
    this.exitCode = details.exitCode ?? null;
    this.stderrTail = details.stderrTail ?? "";
  }
}

/** Between SIGTERM and SIGKILL. Short, because the first process of a PID namespace may ignore SIGTERM. */
const graceMs = 500;
/** How long a pipe may stay open after its program ended, held by something that it left behind. */
const lingerMs = 1_000;

/**
 * Runs a program as a guest: clean environment, own process group, bounded output. It resolves when the
 * program exited well, and otherwise throws a RunError after the program and all that it started is gone.
 */
export async function run(options: RunOptions): Promise<RunResult> {
  const [name = "", ...args] = options.argv;
  const path = process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin";
  const program = Bun.which(name, { PATH: path });
  if (program === null) throw new RunError("missing", name);
  const guard = options.guard ?? (await findGuard());
  if (options.signal?.aborted) throw new RunError("aborted", name, { cause: options.signal.reason });

  const mark = newId();
  const home = resolve(options.cwd);
  const child = Bun.spawn([...guard.prefix, resolve(program), ...args], {
    cwd: home,
    env: { PATH: path, LANG: "C.UTF-8", HOME: home, TMPDIR: home, ...options.env, [childMark]: mark },
    detached: true,
    stdin: options.stdin ?? "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  offerToOutOfMemoryKiller(child.pid);

  const watch = startWatch(options);
  const stdout = collectBytes(options.maxStdoutBytes ?? 16 * 1024 * 1024, () =>
    watch.stop("output_too_large"),
  );
  const stderr = collectTail(16 * 1024);
  const outSink = options.onStdoutLine ? splitLines(options.onStdoutLine) : stdout;
  const errSinks = options.onStderrLine ? [stderr, splitLines(options.onStderrLine)] : [stderr];
  const pipes = [drain(child.stdout, [outSink], watch.sawLife), drain(child.stderr, errSinks, watch.sawLife)];
  const drained = Promise.all(pipes.map((pipe) => pipe.done));

  try {
    await Promise.race([Promise.all([child.exited, drained]), lingering(child.exited), watch.stopped]);
    await dismissRest(child.pid, mark, drained);
  } catch (error) {
    await killTree(child, mark, guard.wholeTree);
    await within(lingerMs, Promise.allSettled([drained]));
    if (!(error instanceof Stop)) throw error;
    throw new RunError(error.reason, name, { stderrTail: stderr.text(), cause: error.cause });
  } finally {
    watch.end();
    for (const pipe of pipes) pipe.cancel();
  }

  const exitCode = await child.exited;
  if (!(options.okExitCodes ?? [0]).includes(exitCode)) {
    // 126 and 127 come from the guard: the file is there, but it or its interpreter can't be executed.
    const reason = exitCode === 126 || exitCode === 127 ? "missing" : "exit";
    throw new RunError(reason, name, { exitCode, stderrTail: stderr.text() });
  }
  const stdoutBytes = stdout.bytes();
  return {
    exitCode,
    get stdout() {
      return new TextDecoder().decode(stdoutBytes);
    },
    stdoutBytes,
    stderrTail: stderr.text(),
  };
}

class Stop extends Error {
  readonly reason: RunFailure;
  constructor(reason: RunFailure, cause?: unknown) {
    super(reason, { cause });
    this.reason = reason;
  }
}

/** Where memory runs out, the kernel should end the guest and not the server. Only Linux has the file. */
function offerToOutOfMemoryKiller(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, "500");
  } catch {
    // it has already exited, or this is no Linux
  }
}

/** `stopped` rejects with a Stop as soon as there is a reason to end the child. */
function startWatch(options: RunOptions) {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  stopped.catch(() => {});
  const stop = (reason: RunFailure, cause?: unknown) => reject(new Stop(reason, cause));
  const onAbort = () => stop("aborted", options.signal?.reason);
  options.signal?.addEventListener("abort", onAbort, { once: true });
  const deadline = options.deadlineMs ? setTimeout(() => stop("deadline"), options.deadlineMs) : undefined;

  let lastLife = performance.now();
  let lastSign: number | string | undefined;
  const stallMs = options.stallMs ?? 0;
  const look = async () => {
    const sign = await options.alive?.();
    if (sign !== lastSign) lastLife = performance.now();
    lastSign = sign;
    if (performance.now() - lastLife > stallMs) stop("stalled");
  };
  const looking =
    stallMs > 0 ? setInterval(() => void look().catch(reject), Math.min(stallMs / 4, 5_000)) : undefined;

  return {
    stopped,
    stop,
    sawLife: () => void (lastLife = performance.now()),
    end: () => {
      options.signal?.removeEventListener("abort", onAbort);
      clearTimeout(deadline);
      clearInterval(looking);
    },
  };
}

function drain(stream: ReadableStream<Uint8Array>, sinks: readonly Sink[], sawLife: () => void) {
  const reader = stream.getReader();
  const read = async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      sawLife();
      for (const sink of sinks) sink.write(value);
    }
    for (const sink of sinks) sink.end();
  };
  return { done: read(), cancel: () => void reader.cancel().catch(() => {}) };
}

async function lingering(exited: Promise<number>): Promise<void> {
  await exited;
  await pause(lingerMs);
}

/** What stays after the first process has exited has no business of ours left. */
async function dismissRest(pid: number, mark: string, drained: Promise<unknown>): Promise<void> {
  sendSignal(-pid, "SIGKILL");
  if (await within(0, drained)) return;
  killMarked(mark);
  await within(lingerMs, drained);
}

async function killTree(child: Bun.Subprocess, mark: string, wholeTree: boolean): Promise<void> {
  sendSignal(-child.pid, "SIGTERM");
  await within(graceMs, child.exited);
  sendSignal(-child.pid, "SIGKILL");
  if (!wholeTree) killMarked(mark);
  // A process that hangs in the kernel (a dead network disk) can't be waited for.
  await within(2_000, child.exited);
}

/** Whether the work was done in time. */
function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  return Promise.race([work.then(() => true), pause(ms).then(() => false)]);
}

/** Does not keep the process alive, unlike Bun.sleep: a command line should not wait for it. */
function pause(ms: number): Promise<void> {
  return new Promise((done) => void setTimeout(done, ms).unref());
}
