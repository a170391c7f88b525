import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Tally } from "./tally.ts";

/** Writes what it has to say to a file descriptor. */
export type Step = (output: number) => Promise<Tally>;

export interface Result {
  name: string;
  seconds: number;
  tally: Tally;
}

const stdout = 1;

/** One after the other; what they say is seen at once. */
export async function runInTurn(steps: [string, Step][]): Promise<Result[]> {
  const results: Result[] = [];
  for (const [name, step] of steps) {
    console.log(`\n== ${name}`);
    results.push(await runTimed(name, step, stdout));
  }
  return results;
}

/**
 * So many at a time as there are lanes, the next as soon as a lane is free, whatever became of those before. What each
 * says is kept apart and shown in whole when it ends. Results are in the order of the steps.
 */
export async function runSideBySide(steps: [string, Step][], lanes: number): Promise<Result[]> {
  if (steps.length < 2) return runInTurn(steps);
  const folder = mkdtempSync(join(tmpdir(), "homereel-steps-"));
  const results: Result[] = [];
  const waiting = [...steps.entries()];
  let showing = Promise.resolve();
  const lane = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [place, [name, step]] = next;
      const said = join(folder, String(place));
      console.log(`-- ${name} begins`);
      const file = openSync(said, "a");
      results[place] = await runTimed(name, step, file);
      closeSync(file);
      showing = showing.then(() => show(name, said));
      await showing;
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  rmSync(folder, { recursive: true });
  return results;
}

async function runTimed(name: string, step: Step, output: number): Promise<Result> {
  const started = performance.now();
  const tally = await step(output);
  return { name, tally, seconds: (performance.now() - started) / 1000 };
}

/** Not by `Bun.write`: it copies from file to file, which an output that is appended to (`>> log`) refuses. */
async function show(name: string, file: string): Promise<void> {
  const said = await readFile(file);
  const shown = Promise.withResolvers<void>();
  process.stdout.write(Buffer.concat([Buffer.from(`\n== ${name}\n`), said]), () => shown.resolve());
  await shown.promise;
}
