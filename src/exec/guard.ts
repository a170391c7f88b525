/**
 * What stands before a child's argv so that it dies with us, even when we are killed with SIGKILL.
 * `setpriv --pdeathsig` reaches the child alone; a PID namespace of its own takes its whole tree along,
 * daemons included, but needs root or user namespaces, which most containers refuse.
 */
export interface Guard {
  prefix: readonly string[];
  /** True where the kernel ends the whole tree with the first process of it. */
  wholeTree: boolean;
}

let found: Promise<Guard> | undefined;

/** The strongest guard that works on this machine; tried out at the first call, remembered after. */
export function findGuard(): Promise<Guard> {
  return (found ??= workingGuards().then(([strongest]) => strongest ?? bare));
}

/** All that work here, strongest first; no guard at all is the last. */
export async function workingGuards(): Promise<Guard[]> {
  const candidates = guards();
  const working = await Promise.all(candidates.map(works));
  return candidates.filter((_, i) => working[i]);
}

const bare: Guard = { prefix: [], wholeTree: false };

/** Each costs 1 to 3 ms a start. */
function guards(): Guard[] {
  const setpriv = Bun.which("setpriv");
  const unshare = Bun.which("unshare");
  if (setpriv === null) return [bare];
  const dieWithParent = [setpriv, "--pdeathsig", "KILL", "--"];
  const alone: Guard = { prefix: dieWithParent, wholeTree: false };
  if (unshare === null) return [alone, bare];
  const namespace = (...user: string[]): Guard => ({
    prefix: [...dieWithParent, unshare, ...user, "--pid", "--fork", "--kill-child=KILL", "--"],
    wholeTree: true,
  });
  return [namespace(), namespace("--user", "--map-current-user"), alone, bare];
}

async function works(guard: Guard): Promise<boolean> {
  const child = Bun.spawn([...guard.prefix, "true"], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  return (await child.exited) === 0;
}
