import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { closeDatabase, openDatabase } from "../../src/db/open.ts";
import { readTogether, remembered } from "../../src/db/remembered.ts";
import { until } from "../fixtures/until.ts";

const folder = mkdtempSync(join(tmpdir(), "remembered-"));
const db = openDatabase(folder);
const elsewhere = openDatabase(folder);
afterAll(() => {
  closeDatabase(elsewhere);
  closeDatabase(db);
  rmSync(folder, { recursive: true });
});

const client = db.$client;
client.exec(`
  CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE children (parent INTEGER REFERENCES parents (id) ON DELETE CASCADE);
`);

let reads = 0;
const memory = remembered<{ rows: string }>();
const rows = () =>
  memory(db, "rows", () => {
    reads++;
    const all = [
      client.prepare("SELECT * FROM parents").all(),
      client.prepare("SELECT * FROM children").all(),
    ];
    return { rows: JSON.stringify(all) };
  }).rows;

function truth(): string {
  return JSON.stringify([
    client.prepare("SELECT * FROM parents").all(),
    client.prepare("SELECT * FROM children").all(),
  ]);
}

test("nothing is read twice while nothing changes", () => {
  rows();
  const before = reads;
  for (let i = 0; i < 10; i++) rows();
  expect(reads).toBe(before);
});

describe("what is remembered is never out of date", () => {
  test.each([
    ["an insert", () => client.exec("INSERT INTO parents VALUES (1, 'a'), (2, 'b')")],
    ["children", () => client.exec("INSERT INTO children VALUES (1)")],
    ["an update", () => client.exec("UPDATE parents SET name = 'c' WHERE id = 1")],
    [
      "an upsert",
      () => client.exec("INSERT INTO parents VALUES (1, 'd') ON CONFLICT DO UPDATE SET name = 'e'"),
    ],
    ["a replacement", () => client.exec("REPLACE INTO parents VALUES (2, 'f')")],
    ["a cascade", () => client.exec("DELETE FROM parents WHERE id = 1")],
    ["an insert once more", () => client.exec("INSERT INTO parents VALUES (5, 'h')")],
    ["everything gone", () => client.exec("DELETE FROM parents")],
  ])("after %s", (_, change) => {
    const before = rows();
    change();
    expect(rows()).toBe(truth());
    expect(rows()).not.toBe(before);
  });

  test("after another process, a moment later", async () => {
    const before = rows();
    elsewhere.$client.exec("INSERT INTO parents VALUES (7, 'g')");
    await until(() => (rows() === before ? null : true));
    expect(rows()).toBe(truth());
  });

  test("in a transaction, and after it was rolled back", () => {
    const before = rows();
    client.exec("BEGIN; INSERT INTO parents VALUES (9, 'never')");
    expect(rows()).toBe(truth());
    expect(rows()).not.toBe(before);
    client.exec("ROLLBACK");
    expect(rows()).toBe(before);
    expect(rows()).toBe(truth());
  });
});

test("reads together look once for changes, and the next ones look again", () => {
  const before = rows();
  readTogether(db, () => {
    expect(rows()).toBe(before);
    expect(rows()).toBe(before);
  });
  client.exec("INSERT INTO parents VALUES (11, 'i')");
  expect(readTogether(db, rows)).toBe(truth());
  client.exec("BEGIN; INSERT INTO parents VALUES (12, 'never')");
  expect(readTogether(db, rows)).toBe(truth());
  client.exec("ROLLBACK");
  expect(readTogether(db, rows)).toBe(truth());
});

test("nobody can change what others get too", () => {
  const answer = memory(db, "shared", () => ({ rows: "" }));
  expect(() => Object.assign(answer, { rows: "x" })).toThrow();
});
