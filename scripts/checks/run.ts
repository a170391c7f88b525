import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseJunit, type Tally } from "./tally.ts";

/** No step may hang for ever: a suite that takes this long is broken. */
const deadlineMs = 10 * 60_000;

/** A check that counts as one: its exit code is the answer. */
export function staticCheck(program: string, ...args: string[]): () => Promise<Tally> {
  return async () => {
    const passed = (await run([process.execPath, program, ...args])) === 0;
    return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skippedNames: [] };
  };
}

/** Tests of a folder or a file, counted one by one. */
export function testSuite(path: string): () => Promise<Tally> {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), "homereel-test-"));
    const report = join(folder, "junit.xml");
    try {
      const reporting = ["--reporter=junit", `--reporter-outfile=${report}`];
      const exitCode = await run([
        process.execPath,
        "test",
        "--timeout=20000",
        "--only-failures",
        ...reporting,
        path,
      ]);
      return judge(exitCode, existsSync(report) ? parseJunit(readFileSync(report, "utf8")) : null);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

/** Besides failed tests: a crash, a file that can't be loaded, and a run without any test are one failure. */
export function judge(exitCode: number, report: Tally | null): Tally {
  const counted = report ?? { passed: 0, failed: 0, skippedNames: [] };
  const isEmpty = counted.passed + counted.failed + counted.skippedNames.length === 0;
  const isSilentFailure = (exitCode !== 0 || isEmpty) && counted.failed === 0;
  return isSilentFailure ? { ...counted, failed: 1 } : counted;
}

async function run(command: string[]): Promise<number> {
  const child = Bun.spawn(command, {
    stdio: ["ignore", "inherit", "inherit"],
    timeout: deadlineMs,
    killSignal: "SIGKILL",
  });
  const exitCode = await child.exited;
  if (exitCode !== 0)
    console.log(`(exit code ${exitCode}${child.signalCode ? `, ${child.signalCode}` : ""})`);
  return exitCode;
}
