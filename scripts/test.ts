// Runs every check and every test, or those whose names are given: `npm test`, `npm test -- lint unit`.
// Tests of one file: `npm test -- tests/unit/range.test.ts`. Always ends with the line `N passed, N failed`.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { e2eInBucket, httpInBucket } from "./checks/bytes.ts";
import { runInTurn, runSideBySide } from "./checks/lanes.ts";
import type { Step } from "./checks/lanes.ts";
import { staticCheck, testSuite, testSuiteInBucket } from "./checks/run.ts";
import { addUp, closingLine, type Tally } from "./checks/tally.ts";

const root = resolve(import.meta.dir, "..");
process.chdir(root);

const checks: Record<string, Step> = {
  format: staticCheck("node_modules/oxfmt/bin/oxfmt", "--check"),
  lint: staticCheck("node_modules/oxlint/bin/oxlint", "--type-aware", "--deny-warnings"),
  types: staticCheck("node_modules/typescript/bin/tsc", "--noEmit"),
  "dead-code": staticCheck("node_modules/knip/bin/knip-bun.js", "--no-progress"),
  architecture: testSuite(["./tests/architecture.test.ts"]),
};

/** The longest first, that all lanes end together. */
const suites: Record<string, Step> = {
  http: testSuite(["./tests/http"]),
  e2e: testSuite(["./tests/e2e"]),
  "e2e-s3": testSuiteInBucket(e2eInBucket()),
  faults: testSuite(["./tests/faults"]),
  unit: testSuite(["./tests/unit"]),
  "http-s3": testSuiteInBucket(httpInBucket()),
  conformance: testSuite(["./tests/conformance"]),
};

/** With one more than there are cores each takes twice as long, and what is timed in a test comes out late. */
const lanes = Math.max(2, navigator.hardwareConcurrency);

const steps = { ...checks, ...suites };
const chosen = choose(process.argv.slice(2));
if (chosen) process.exitCode = await runAll(chosen);

function choose(names: string[]): [string, Step][] | null {
  if (names.length === 0) return Object.entries(steps);
  const unknown = names.filter((name) => !(name in steps) && !existsSync(name));
  if (unknown.length > 0) {
    console.error(`No such step or file: ${unknown.join(", ")}. Steps: ${Object.keys(steps).join(", ")}.`);
    process.exitCode = 2;
    return null;
  }
  return names.map((name) => [name, steps[name] ?? testSuite([`./${name}`])]);
}

/** Every step runs, whatever became of the one before it. Returns the exit code. */
async function runAll(todo: [string, Step][]): Promise<number> {
  const isSuite = ([name]: [string, Step]) => name in suites;
  const results = [
    ...(await runInTurn(todo.filter((one) => !isSuite(one)))),
    ...(await runSideBySide(todo.filter(isSuite), lanes)),
  ];
  console.log("");
  for (const { name, seconds, tally } of results) {
    console.log(`${name.padEnd(14)}${`${seconds.toFixed(1)} s`.padStart(9)}   ${closingLine(tally)}`);
  }
  const sum = addUp(results.map((result) => result.tally));
  for (const name of sum.skippedNames) console.log(`SKIPPED: ${name}`);
  console.log(`\n${closingLine(sum)}`);
  return isGood(sum) ? 0 : 1;
}

/** On a build machine a skipped test is a failure: there, everything that a test needs has to be present. */
function isGood({ failed, skippedNames }: Tally): boolean {
  return failed === 0 && (skippedNames.length === 0 || !process.env.CI);
}
