import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "homereel-lanes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("two steps run at once, and what each says is shown in whole", () => {
  const { lines, results } = run(
    "runSideBySide",
    `const b = Promise.withResolvers();
    const steps = [
      ["a", async (out) => { writeSync(out, "a1\\n"); await b.promise; writeSync(out, "a2\\n"); return good; }],
      ["b", async (out) => { writeSync(out, "b1\\n"); await Bun.sleep(50); writeSync(out, "b2\\n"); b.resolve(); return bad; }],
      ["c", async (out) => { writeSync(out, "c1\\n"); return good; }],
    ];`,
  );
  const text = lines.join(" ");
  for (const whole of ["== a a1 a2", "== b b1 b2", "== c c1"]) expect(text).toContain(whole);
  expect(lines.slice(0, 2)).toEqual(["-- a begins", "-- b begins"]);
  expect(results).toEqual(["a 1", "b 0", "c 1"]);
});

test("no more run at once than there are lanes", () => {
  const { lines } = run(
    "runSideBySide",
    `let running = 0, most = 0;
    const step = async (out) => {
      most = Math.max(most, ++running); await Bun.sleep(20); running--; writeSync(out, "most " + most + "\\n"); return good;
    };
    const steps = [1, 2, 3, 4, 5].map((n) => ["step " + n, step]);`,
  );
  expect(new Set(lines.filter((line) => line.startsWith("most")))).toEqual(new Set(["most 2"]));
});

test("of steps in turn, all that was said is seen in its order", () => {
  const { lines, results } = run(
    "runInTurn",
    `const steps = ["a", "b"].map((name) => [name, async (out) => { writeSync(out, name + "1\\n"); return bad; }]);`,
  );
  expect(lines).toEqual(["== a", "a1", "== b", "b1"]);
  expect(results).toEqual(["a 0", "b 0"]);
});

/** What a program printed that makes `steps` and runs them, and the number of passed tests that came of each. */
function run(how: string, steps: string): { lines: string[]; results: string[] } {
  const lanes = new URL("../../scripts/checks/lanes.ts", import.meta.url).pathname;
  const file = join(folder, "steps.ts");
  writeFileSync(
    file,
    `import { writeSync } from "node:fs";
    import { ${how} } from ${JSON.stringify(lanes)};
    const good = { passed: 1, failed: 0, skippedNames: [] };
    const bad = { passed: 0, failed: 1, skippedNames: [] };
    ${steps}
    const results = await ${how}(steps, 2);
    console.log("RESULTS " + JSON.stringify(results.map(({ name, tally }) => name + " " + tally.passed)));`,
  );
  const { stdout, stderr } = Bun.spawnSync([process.execPath, file]);
  const lines = stdout.toString().split("\n").filter(Boolean);
  const last = lines.pop() ?? "";
  if (!last.startsWith("RESULTS ")) throw new Error(stderr.toString());
  return { lines, results: JSON.parse(last.slice("RESULTS ".length)) as string[] };
}
