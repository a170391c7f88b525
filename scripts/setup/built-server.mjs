import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { goProblem, needGo } from "./go.mjs";
import { StepFailed } from "./shell.mjs";

/** A server that the tests need, at one version of its source in Go; `build(go, folder, program)` makes it. */
export function builtServer({ name, version, oldestGo, build }) {
  // Shared by all clones of the project: building takes minutes.
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "homereel", name);
  const program = join(folder, `${name}-${version}`);
  const step = {
    ready: () => existsSync(program),
    problem: () => goProblem(oldestGo),
    install() {
      const go = needGo(oldestGo);
      mkdirSync(folder, { recursive: true });
      build(go, folder, program);
    },
  };
  return { program, step };
}

/** For a script of its own: builds it where it isn't there, and prints where it is. */
export function printProgram(name, { program, step }) {
  try {
    if (!step.ready()) step.install();
    console.log(program);
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    console.error(`${name} can't be built. ${error.message}`);
    process.exitCode = 1;
  }
}
