import { existsSync, mkdtempSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Step } from "./lanes.ts";
import { addUp, failedFiles, parseJunit, type Tally } from "./tally.ts";

/** No step may hang for ever: a suite that takes this long is broken. */
const deadlineMs = 20 * 60_000;

/** A check that counts as one: its exit code is the answer. */
export function staticCheck(program: string, ...args: string[]): Step {
  return async (output) => {
    const passed = (await run([process.execPath, program, ...args], output)) === 0;
    return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skippedNames: [] };
  };
}

/**
 * Tests of folders or files, counted one by one. Where Chromium itself died under them, which is no word on what was
 * tested, the files that failed run once more; a page that kills it again is a failure.
 */
export function testSuite(paths: string[], env: Record<string, string> = {}): Step {
  return async (output) => {
    const first = await runTests(paths, output, env);
    if (first.exitCode === 0 || first.deadBrowsers === "") return judge(first.exitCode, first.tally);
    const files = first.xml === null ? [] : failedFiles(first.xml);
    const again = files.length > 0 ? files.map((file) => `./${file}`) : paths;
    writeSync(
      output,
      `\nChromium died while the tests used it:\n${first.deadBrowsers}Once more: ${files.join(" ")}\n\n`,
    );
    const second = await runTests(again, output, env);
    const others = files.length > 0 && first.xml !== null ? [parseJunit(first.xml, { but: files })] : [];
    return addUp([...others, judge(second.exitCode, second.tally)]);
  };
}

/** The same tests with all bytes in a bucket of MinIO; where that can't be had, one skipped test. */
export function testSuiteInBucket(paths: string[]): Step {
  const inBucket = testSuite(paths, { HOMEREEL_TEST_STORAGE: "s3" });
  return async (output) => {
    const isThere = (await run([process.execPath, "scripts/minio.mjs"], output)) === 0;
    if (isThere) return inBucket(output);
    return {
      passed: 0,
      failed: 0,
      skippedNames: [`without MinIO, with the bytes in a bucket: ${paths.join(" ")}`],
    };
  };
}

async function runTests(paths: string[], output: number, env: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), "homereel-test-"));
  const report = join(folder, "junit.xml");
  const deaths = join(folder, "dead-browsers");
  try {
    const reporting = ["--reporter=junit", `--reporter-outfile=${report}`];
    const options = ["--timeout=60000", "--only-failures", ...reporting];
    const exitCode = await run([process.execPath, "test", ...options, ...paths], output, {
      ...env,
      // What tests leave there goes with it.
      TMPDIR: folder,
      HOMEREEL_TEST_DEAD_BROWSERS: deaths,
    });
    const xml = existsSync(report) ? readFileSync(report, "utf8") : null;
    const deadBrowsers = existsSync(deaths) ? readFileSync(deaths, "utf8") : "";
    return { exitCode, xml, tally: xml === null ? null : parseJunit(xml), deadBrowsers };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Besides failed tests: a crash, a file that can't be loaded, and a run without any test are one failure. */
export function judge(exitCode: number, report: Tally | null): Tally {
  const counted = report ?? { passed: 0, failed: 0, skippedNames: [] };
  const isEmpty = counted.passed + counted.failed + counted.skippedNames.length === 0;
  const isSilentFailure = (exitCode !== 0 || isEmpty) && counted.failed === 0;
  return isSilentFailure ? { ...counted, failed: 1 } : counted;
}

async function run(command: string[], output: number, env: Record<string, string> = {}): Promise<number> {
  const child = Bun.spawn(command, {
    env: { ...process.env, ...env },
    stdio: ["ignore", output, output],
    timeout: deadlineMs,
    killSignal: "SIGKILL",
  });
  const exitCode = await child.exited;
  if (exitCode !== 0)
    writeSync(output, `(exit code ${exitCode}${child.signalCode ? `, ${child.signalCode}` : ""})\n`);
  return exitCode;
}
