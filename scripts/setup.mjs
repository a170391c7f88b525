// Makes this machine ready: `node scripts/setup.mjs` for serving, with `--test` also for the tests.
// Plain Node without packages, since there may be none yet; runs under Bun as well. Exit code 1: it can't, and says why.
import { installSystemPackages, systemPackageProblem } from "./setup/apt.mjs";
import { StepFailed } from "./setup/shell.mjs";
import { stepsFor } from "./setup/steps.mjs";

try {
  setUp(stepsFor({ tests: process.argv.includes("--test") }).filter((step) => !step.ready()));
} catch (error) {
  // A full disk, or a folder that belongs to somebody else, needs no stack trace either.
  if (!(error instanceof StepFailed) && !error.syscall) throw error;
  say(`\nSet-up stopped. ${error.message}`);
  process.exitCode = 1;
}

function setUp(missing) {
  if (missing.length === 0) return;
  announce(missing);
  const packages = [...new Set(missing.flatMap((step) => step.apt ?? []))];
  const problem = systemPackageProblem(packages) ?? missing.map((step) => step.problem?.()).find(Boolean);
  // Nothing is installed before it is known that everything can be.
  if (problem) throw new StepFailed(problem);
  if (packages.length > 0)
    timed(`apt-get install ${packages.join(" ")}`, () => installSystemPackages(packages));
  for (const step of missing) if (step.install) timed(step.name, step.install);
  const left = missing.filter((step) => !step.ready()).map((step) => step.name);
  if (left.length > 0) throw new StepFailed(`It ran through, but this is still missing: ${left.join(", ")}.`);
  say("Set-up is complete.\n");
}

function announce(missing) {
  say("Homereel sets itself up. What is missing here, and what it is for:");
  const width = Math.max(...missing.map((step) => step.name.length));
  for (const step of missing) say(`  ${step.name.padEnd(width)}  ${step.why}`);
  say("");
}

function timed(name, work) {
  const started = Date.now();
  say(`- ${name} …`);
  work();
  say(`  done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

function say(line) {
  console.error(line);
}
