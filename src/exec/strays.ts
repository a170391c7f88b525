import { readdirSync, readFileSync } from "node:fs";
import { resolve, sep } from "node:path";

/**
 * Every child carries this variable with an id of its run, and so does whatever it starts, also what
 * left its process group or lost its parent. That makes a stray findable without keeping lists of pids.
 */
export const childMark = "HOMEREEL_CHILD";

/**
 * Kills what an earlier life of this server left running: processes with our mark whose home is
 * `root` (the data folder) or below it. Call it before the first child is started. Returns how many were killed.
 */
export function sweepStrays(root: string): number {
  const inside = resolve(root) + sep;
  return killWhere((env) => env.has(childMark) && `${env.get("HOME")}${sep}`.startsWith(inside));
}

/** Kills every process of one run, wherever in the process tree it went. */
export function killMarked(mark: string): number {
  return killWhere((env) => env.get(childMark) === mark);
}

/** Whether a process, of this program or of another, was started with this text among its arguments. */
export function isOnCommandLine(text: string): boolean {
  return processIds().some((pid) => commandLineOf(pid).includes(text));
}

/** Looks again until a round finds nothing, because what is being killed may be forking. */
function killWhere(wanted: (env: Map<string, string>) => boolean): number {
  const killed = new Set<number>();
  for (let round = 0; round < 10; round++) {
    const pids = processIds().filter((pid) => !killed.has(pid) && wanted(environmentOf(pid)));
    if (pids.length === 0) break;
    for (const pid of pids) {
      sendSignal(pid, "SIGKILL");
      killed.add(pid);
    }
  }
  return killed.size;
}

/** Empty where there is no /proc (macOS). */
function processIds(): number[] {
  try {
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid !== process.pid);
  } catch {
    return [];
  }
}

/** Empty for processes that are gone, and for those of other users, which can't be ours. */
function environmentOf(pid: number): Map<string, string> {
  try {
    const lines = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return new Map(
      lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
  } catch {
    return new Map();
  }
}

/** Arguments with NUL between them; empty for processes that are gone. */
function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** A negative pid means its process group. Not being there any more is what was wanted. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
