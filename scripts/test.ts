// Runs every check and every test, or those whose names are given: `npm test`, `npm test -- lint unit`.
// Tests of one file: `npm test -- tests/unit/range.test.ts`. Always ends with the line `N passed, N failed`.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { staticCheck, testSuite } from "./checks/run.ts";
import { addUp, closingLine, type Tally } from "./checks/tally.ts";

const root = resolve(import.meta.dir, "..");
process.chdir(root);

const steps: Record<string, () => Promise<Tally>> = {
  format: staticCheck("node_modules/oxfmt/bin/oxfmt", "--check"),
  lint: staticCheck("node_modules/oxlint/bin/oxlint", "--type-aware", "--deny-warnings"),
  types: staticCheck("node_modules/typescript/bin/tsc", "--noEmit"),
  "dead-code": staticCheck("node_modules/knip/bin/knip-bun.js", "--no-progress"),
  architecture: testSuite("./tests/architecture.test.ts"),
  unit: testSuite("./tests/unit"),
  http: testSuite("./tests/http"),
  conformance: testSuite("./tests/conformance"),
  faults: testSuite("./tests/faults"),
  e2e: testSuite("./tests/e2e"),
};

const chosen = choose(process.argv.slice(2));
if (chosen) process.exitCode = await runAll(chosen);

function choose(names: string[]): typeof steps | null {
  if (names.length === 0) return steps;
  const unknown = names.filter((name) => !(name in steps) && !existsSync(name));
  if (unknown.length > 0) {
    console.error(`No such step or file: ${unknown.join(", ")}. Steps: ${Object.keys(steps).join(", ")}.`);
    process.exitCode = 2;
    return null;
  }
  return Object.fromEntries(names.map((name) => [name, steps[name] ?? testSuite(`./${name}`)]));
}

/** Every step runs, whatever became of the one before it. Returns the exit code. */
async function runAll(todo: typeof steps): Promise<number> {
  const results: { name: string; seconds: number; tally: Tally }[] = [];
  for (const [name, runStep] of Object.entries(todo)) {
    console.log(`\n== ${name}`);
    const started = performance.now();
    const tally = await runStep();
    results.push({ name, tally, seconds: (performance.now() - started) / 1000 });
  }
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
