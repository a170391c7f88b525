import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workingGuards } from "../../src/exec/guard.ts";
import { run, RunError, type RunOptions } from "../../src/exec/run.ts";
import { sweepStrays } from "../../src/exec/strays.ts";
import { until } from "../fixtures/until.ts";

const fakes = join(import.meta.dir, "../bin");
let cwd: string;
beforeAll(() => void (cwd = mkdtempSync(join(tmpdir(), "homereel-run-"))));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const sh = (script: string, options: Partial<RunOptions> = {}) =>
  run({ argv: ["sh", "-c", script], cwd, ...options });

async function failureOf(work: Promise<unknown>): Promise<RunError> {
  const error = await work.then(
    () => null,
    (e: unknown) => e,
  );
  if (!(error instanceof RunError)) throw new Error(`expected a RunError, got ${String(error)}`);
  return error;
}

describe("what comes back", () => {
  test("stdout, stderr and exit code", async () => {
    const result = await sh("echo out; echo err >&2");
    expect(result).toMatchObject({ exitCode: 0, stdout: "out\n", stderrTail: "err\n" });
  });

  test("another exit code is a failure, unless it was said to be fine", async () => {
    const error = await failureOf(sh("echo why >&2; exit 3"));
    expect(error).toMatchObject({ reason: "exit", exitCode: 3, stderrTail: "why\n" });
    expect((await sh("exit 3", { okExitCodes: [0, 3] })).exitCode).toBe(3);
  });

  test("a program that is not there, or whose interpreter is not", async () => {
    expect((await failureOf(run({ argv: ["no-such-program"], cwd }))).reason).toBe("missing");
    await Bun.write(join(cwd, "orphan"), "#!/no/such/interpreter\n");
    await sh("chmod +x orphan");
    expect((await failureOf(run({ argv: [join(cwd, "orphan")], cwd }))).reason).toBe("missing");
  });

  test("lines, over chunks and characters that are cut in two, and none empty", async () => {
    const lines: string[] = [];
    const script = `printf 'a\\n\\nb\\rc\\303'; sleep 0.05; printf '\\251\\377\\nlast'`;
    const result = await sh(script, { onStdoutLine: (line) => lines.push(line) });
    expect(lines).toEqual(["a", "b", "cé\uFFFD", "last"]);
    expect(result.stdout).toBe("");
  });

  test("only the end of a long stderr", async () => {
    const result = await sh("head -c 3000000 /dev/zero | tr '\\0' x >&2; printf end >&2");
    expect(result.stderrTail.length).toBe(16 * 1024);
    expect(result.stderrTail.endsWith("xend")).toBe(true);
  });

  test("stdout without end is stopped at its limit", async () => {
    expect((await failureOf(sh("yes", { maxStdoutBytes: 100_000 }))).reason).toBe("output_too_large");
  });

  test("stdin arrives whole, and may be left unread", async () => {
    const bytes = new Uint8Array(2_000_000).fill(65);
    expect((await sh("wc -c", { stdin: bytes })).stdout.trim()).toBe("2000000");
    expect((await sh("wc -c", { stdin: new Blob([bytes]).stream() })).stdout.trim()).toBe("2000000");
    expect((await sh("exit 0", { stdin: bytes })).exitCode).toBe(0);
  });

  test("a mistake in the line handler ends the child and is not swallowed", async () => {
    const onStdoutLine = () => {
      throw new TypeError("our bug");
    };
    await expect(sh("echo x; sleep 60", { onStdoutLine })).rejects.toThrow("our bug");
  });
});

test("none of our environment reaches a child", async () => {
  process.env.HOMEREEL_TEST_SECRET = "open sesame";
  const { stdout } = await run({ argv: ["env"], cwd, env: { EXTRA: "1" } });
  delete process.env.HOMEREEL_TEST_SECRET;
  const names = stdout
    .trim()
    .split("\n")
    .map((line) => line.split("=")[0] ?? "");
  expect(names.toSorted()).toEqual(["EXTRA", "HOME", "HOMEREEL_CHILD", "LANG", "PATH", "TMPDIR"]);
  expect(stdout).toContain(`HOME=${cwd}\n`);
});

const working = await workingGuards();
const eachGuard = working.map((guard, i) => ({ i, guard, with: guard.prefix.join(" ") || "nothing" }));

describe.concurrent("ending a child", () => {
  test.each(eachGuard)("at its deadline, with its whole family, guarded by $with", async ({ guard }) => {
    const seconds = uniqueSeconds();
    const argv = [join(fakes, "stubborn-tree"), seconds];
    let family = 0;
    const onStdoutLine = () => void (family = processesWith(seconds).length);
    const failure = await failureOf(run({ argv, cwd, deadlineMs: 3_000, guard, onStdoutLine }));
    expect(failure.reason).toBe("deadline");
    expect(family).toBeGreaterThanOrEqual(4);
    expect(processesWith(seconds)).toEqual([]);
  });

  test("when it is aborted, within five seconds, and says why", async () => {
    const seconds = uniqueSeconds();
    const controller = new AbortController();
    const why = new Error("cancelled by a person");
    let abortedAt = 0;
    const onStdoutLine = () => {
      abortedAt = performance.now();
      controller.abort(why);
    };
    const argv = [join(fakes, "stubborn-tree"), seconds];
    const error = await failureOf(run({ argv, cwd, signal: controller.signal, onStdoutLine }));
    expect(error).toMatchObject({ reason: "aborted", cause: why });
    expect(performance.now() - abortedAt).toBeLessThan(5_000);
    expect(processesWith(seconds)).toEqual([]);
  });

  test("not even started where the signal is aborted already", async () => {
    const error = await failureOf(sh("touch started", { signal: AbortSignal.abort() }));
    expect(error.reason).toBe("aborted");
    expect(readdirSync(cwd)).not.toContain("started");
  });

  test("when it shows no sign of life", async () => {
    expect((await failureOf(sh("echo x; sleep 60", { stallMs: 200 }))).reason).toBe("stalled");
  });

  test("not while it prints, or while what it writes grows", async () => {
    const chatter = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do echo $i >&2; sleep 0.2; done";
    let size = 0;
    const lively = await Promise.all([
      sh(chatter, { stallMs: 2_000 }),
      sh("sleep 2.6", { stallMs: 2_000, alive: async () => ++size }),
    ]);
    expect(lively.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect((await failureOf(sh("sleep 60", { stallMs: 200, alive: () => 7 }))).reason).toBe("stalled");
  });

  test.each(eachGuard)("what a program leaves behind goes with it, guarded by $with", async ({ guard }) => {
    const seconds = uniqueSeconds();
    const result = await run({ argv: [join(fakes, "leaves-daemon"), seconds], cwd, guard });
    expect(result.stdout).toBe("done\n");
    expect(processesWith(seconds)).toEqual([]);
  });
});

describe("when the server is killed", () => {
  test.each(eachGuard)(
    "no child outlives it or the next start's sweep, guarded by $with",
    async ({ guard, i }) => {
      const seconds = uniqueSeconds();
      const argv = [join(fakes, "run-forever.ts"), String(i), cwd, join(fakes, "stubborn-tree"), seconds];
      const server = Bun.spawn([process.execPath, ...argv], { stdout: "pipe" });
      await firstChunk(server.stdout);
      // The tree goes on growing for a moment after its first word.
      await until(() => processesWith(seconds).length >= 5 || null);
      server.kill("SIGKILL");
      await server.exited;
      if (guard.wholeTree) await gone(seconds);
      sweepStrays(cwd);
      await gone(seconds);
    },
  );

  test("the sweep finds children of this data folder only", async () => {
    const seconds = uniqueSeconds();
    const argv = ["setsid", "sleep", seconds];
    const env = { PATH: process.env.PATH, HOMEREEL_CHILD: "an earlier life", HOME: join(cwd, "work/1") };
    const stray = Bun.spawn(argv, { env });
    while (processesWith(seconds).length === 0) await Bun.sleep(5);
    expect(sweepStrays(join(cwd, "wor"))).toBe(0);
    expect(sweepStrays(cwd)).toBe(1);
    await stray.exited;
    expect(processesWith(seconds)).toEqual([]);
  });
});

/** A length of sleep that no other process on the machine has, to find the family by. */
function uniqueSeconds(): string {
  return `1${process.pid}.${Math.floor(Math.random() * 1e9)}`;
}

function processesWith(argument: string): string[] {
  return readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(argument));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** The kernel kills at once, but the processes take a moment to go; the test's own limit ends the wait. */
async function gone(argument: string): Promise<void> {
  while (processesWith(argument).length > 0) await Bun.sleep(10);
}

async function firstChunk(stream: ReadableStream<Uint8Array>): Promise<void> {
  const reader = stream.getReader();
  await reader.read();
  reader.releaseLock();
}
