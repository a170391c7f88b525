import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judge } from "../../scripts/checks/run.ts";
import { addUp, closingLine, failedFiles, parseJunit } from "../../scripts/checks/tally.ts";

const folder = mkdtempSync(join(tmpdir(), "homereel-tally-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("counts what bun test reports, whatever the names and messages contain", () => {
  const { xml } = runTests(`
    import { describe, expect, test } from "bun:test";
    describe("a <group> & more", () => {
      test("passes </testcase>", () => {});
      test("fails <skipped/>", () => expect("<skipped/>").toBe("x"));
      test.skip("is skipped", () => {});
      test.todo("is to be done");
    });
    test("throws", () => { throw new Error("<failure"); });`);
  const tally = parseJunit(xml ?? "");
  expect({ passed: tally.passed, failed: tally.failed }).toEqual({ passed: 1, failed: 2 });
  expect(tally.skippedNames).toEqual([
    expect.stringContaining("is skipped"),
    expect.stringContaining("is to be done"),
  ]);
});

test.each([
  ["a file that can't be loaded", `import "./nothing.ts";`],
  ["a file without tests", ``],
  ["a process that ends in the middle", `import { test } from "bun:test"; test("x", () => process.exit(3));`],
])("%s is a failure", (_, source) => {
  const { exitCode, xml } = runTests(source);
  expect(judge(exitCode, xml === null ? null : parseJunit(xml)).failed).toBe(1);
});

test("a run without failures is none", () => {
  const { exitCode, xml } = runTests(`import { test } from "bun:test"; test("x", () => {});`);
  expect(judge(exitCode, parseJunit(xml ?? ""))).toEqual({ passed: 1, failed: 0, skippedNames: [] });
});

test("knows which files failed, and counts the others without them", () => {
  const testCase = (file: string, body = "") =>
    `<testcase name="x" file="${file}" line="1">${body}</testcase>`;
  const xml = [testCase("a.test.ts"), testCase("b.test.ts", "<failure/>"), testCase("b.test.ts")].join("\n");
  expect(failedFiles(xml)).toEqual(["b.test.ts"]);
  expect(parseJunit(xml, { but: ["b.test.ts"] })).toEqual({ passed: 1, failed: 0, skippedNames: [] });
});

test("adds tallies up and says them in one line", () => {
  const sum = addUp([
    { passed: 2, failed: 0, skippedNames: [] },
    { passed: 1, failed: 1, skippedNames: ["x"] },
  ]);
  expect(closingLine(sum)).toBe("3 passed, 1 failed, 1 skipped");
  expect(closingLine({ passed: 1, failed: 0, skippedNames: [] })).toBe("1 passed, 0 failed");
});

function runTests(source: string): { exitCode: number; xml: string | null } {
  const file = join(folder, "junit.xml");
  rmSync(file, { force: true });
  writeFileSync(join(folder, "sample.test.ts"), source);
  const reporting = ["--reporter=junit", `--reporter-outfile=${file}`];
  const { exitCode } = Bun.spawnSync([process.execPath, "test", ...reporting, "./sample.test.ts"], {
    cwd: folder,
  });
  return { exitCode, xml: existsSync(file) ? readFileSync(file, "utf8") : null };
}
