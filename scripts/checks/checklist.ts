import { closingLine, type Tally } from "./tally.ts";

/** Named checks that are run one after another, told as they end, and counted. */
export interface Checklist {
  /** Passes where `work` returns, fails where it throws. Tells whether it passed. */
  check(name: string, work: () => unknown): Promise<boolean>;
  /** Not looked at, and why; on a build machine that is a failure. */
  skip(name: string, reason: string): void;
  /** Prints `N passed, N failed` and returns the exit code. */
  finish(): number;
}

export function startChecklist(): Checklist {
  const tally: Tally = { passed: 0, failed: 0, skippedNames: [] };
  return {
    async check(name, work) {
      const started = performance.now();
      try {
        await work();
        tally.passed += 1;
        console.log(`ok    ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
        return true;
      } catch (error) {
        tally.failed += 1;
        console.log(`FAIL  ${name}\n${error instanceof Error ? error.message : String(error)}`);
        return false;
      }
    },
    skip(name, reason) {
      console.log(`NOT CHECKED  ${name}: ${reason}`);
      if (process.env.CI) tally.failed += 1;
      else tally.skippedNames.push(name);
    },
    finish() {
      console.log(`\n${closingLine(tally)}`);
      return tally.failed === 0 ? 0 : 1;
    },
  };
}
