import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { e2eInBucket, withOwnBucket } from "../../scripts/checks/bytes.ts";

const textOf = (name: string) => readFileSync(`tests/e2e/${name}`, "utf8");

test.each(withOwnBucket)("%s names its bucket wherever it makes an app", (name) => {
  const text = textOf(name);
  const made = text.match(/open(TestApp|Shelf)\(|startServer\(/g) ?? [];
  const named = text.match(/openTestApp\(\{\s*\.\.\.s3Settings\(|startServer\(\{[^{}]*settings/g) ?? [];
  expect(made.length).toBeGreaterThan(0);
  expect(named).toHaveLength(made.length);
  for (const [, value] of text.matchAll(/settings = \{([^}]*)/g)) expect(value).toContain("...s3Settings(");
});

test("all others run with the bytes in a bucket too", () => {
  const some = ["uploads", "without-scripts", "storage", "first-evening"];
  expect(e2eInBucket()).toEqual(expect.arrayContaining(some.map((name) => `./tests/e2e/${name}.test.ts`)));
  for (const name of withOwnBucket) expect(e2eInBucket()).not.toContain(`./tests/e2e/${name}`);
});
