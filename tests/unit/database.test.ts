import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "../../src/db/migrate.ts";
import { migrations } from "../../src/db/migrations.ts";
import { compareVersions } from "../../src/lib/versions.ts";
import {
  DatabaseRefused,
  backupFolder,
  closeDatabase,
  databasePath,
  lockDataFolder,
  openDatabase,
} from "../../src/db/open.ts";
import { keepReserve, withReserve } from "../../src/db/reserve.ts";

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "homereel-db-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const one = { version: 1, sql: "CREATE TABLE shelf (id INTEGER PRIMARY KEY, name TEXT);" };
const two = { version: 2, sql: "ALTER TABLE shelf ADD COLUMN colour TEXT;" };

test("a connection is durable, checks references and waits for others", () => {
  const db = openDatabase(dir);
  const pragma = (name: string) => db.$client.pragma(name, { simple: true });
  expect(pragma("journal_mode")).toBe("wal");
  expect(pragma("synchronous")).toBe(2);
  expect(pragma("foreign_keys")).toBe(1);
  expect(pragma("busy_timeout")).toBe(10_000);
  closeDatabase(db);
});

test("the list of migrations is the folder of migrations", () => {
  const folder = new URL("../../migrations/", import.meta.url).pathname;
  const files = readdirSync(folder).sort();
  expect(migrations.map((step) => step.sql)).toEqual(
    files.map((name) => readFileSync(join(folder, name), "utf8")),
  );
  expect(migrations.map((step) => step.version)).toEqual(files.map((name) => Number(name.slice(0, 4))));
});

describe("migrating", () => {
  test("an empty database gets every step and needs no backup", () => {
    const db = openDatabase(dir);
    migrate(db, dir, [one, two]);
    db.$client.exec("INSERT INTO shelf (name, colour) VALUES ('a', 'red')");
    expect(db.$client.pragma("user_version", { simple: true })).toBe(2);
    expect(existsSync(backupFolder(dir))).toBe(false);
    closeDatabase(db);
  });

  test("a database in use is backed up before it is changed", () => {
    const db = openDatabase(dir);
    migrate(db, dir, [one]);
    db.$client.exec("INSERT INTO shelf (name) VALUES ('kept')");
    migrate(db, dir, [one, two]);
    closeDatabase(db);
    const [backup] = readdirSync(backupFolder(dir));
    const copyDir = mkdtempSync(join(tmpdir(), "homereel-db-copy-"));
    writeFileSync(databasePath(copyDir), readFileSync(join(backupFolder(dir), backup ?? "")));
    const copy = openDatabase(copyDir);
    expect(copy.$client.prepare("SELECT name FROM shelf").pluck().get()).toBe("kept");
    expect(copy.$client.pragma("user_version", { simple: true })).toBe(1);
    closeDatabase(copy);
    rmSync(copyDir, { recursive: true });
  });

  test("a step that fails leaves nothing of itself, and the steps before it stay", () => {
    const db = openDatabase(dir);
    const broken = { version: 2, sql: "CREATE TABLE half (id INTEGER); INSERT INTO nowhere VALUES (1);" };
    expect(() => migrate(db, dir, [one, broken])).toThrow("nowhere");
    expect(db.$client.pragma("user_version", { simple: true })).toBe(1);
    const half = db.$client.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").pluck().get();
    expect(half).toBe(0);
    closeDatabase(db);
  });

  test("a schema newer than the program's is refused untouched", () => {
    const db = openDatabase(dir);
    migrate(db, dir, [one, two]);
    expect(() => migrate(db, dir, [one])).toThrow(DatabaseRefused);
    expect(() => migrate(db, dir, [one])).toThrow("newer Homereel");
    expect(db.$client.pragma("user_version", { simple: true })).toBe(2);
    closeDatabase(db);
  });

  test("a process that is killed in a step finds the schema of before", async () => {
    const child = Bun.spawn([process.execPath, "tests/fixtures/migrate-and-die.ts", dir], {
      env: { ...process.env, HOMEREEL_TEST_FAILPOINT: "migrate" },
      cwd: new URL("../..", import.meta.url).pathname,
    });
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
    const db = openDatabase(dir);
    expect(db.$client.pragma("user_version", { simple: true })).toBe(0);
    expect(db.$client.prepare("SELECT count(*) FROM sqlite_schema").pluck().get()).toBe(0);
    migrate(db, dir);
    closeDatabase(db);
  });
});

test("a damaged database is refused, and the newest backup named", () => {
  const db = openDatabase(dir);
  migrate(db, dir, [one]);
  migrate(db, dir, [one, two]);
  closeDatabase(db);
  const backup = join(backupFolder(dir), readdirSync(backupFolder(dir))[0] ?? "");
  const damaged = Buffer.from("this is no database, whatever its name says".repeat(100));
  writeFileSync(databasePath(dir), damaged);
  expect(() => openDatabase(dir)).toThrow(DatabaseRefused);
  expect(() => openDatabase(dir)).toThrow(backup);
  expect(readFileSync(databasePath(dir)).equals(damaged)).toBe(true);
});

describe("the data folder belongs to one process", () => {
  test("a second one is refused until the first lets go", () => {
    const first = lockDataFolder(dir);
    expect(first).not.toBeNull();
    expect(lockDataFolder(dir)).toBeNull();
    first?.release();
    const again = lockDataFolder(dir);
    expect(again).not.toBeNull();
    again?.release();
  });

  test("a process that was killed holds it no more", async () => {
    const script = `
      import { lockDataFolder } from ${JSON.stringify(new URL("../../src/db/open.ts", import.meta.url).pathname)};
      console.log(lockDataFolder(${JSON.stringify(dir)}) !== null);
      setInterval(() => {}, 1000);`;
    const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
    const { value } = await child.stdout.getReader().read();
    expect(new TextDecoder().decode(value).trim()).toBe("true");
    expect(lockDataFolder(dir)).toBeNull();
    child.kill("SIGKILL");
    await child.exited;
    const lock = lockDataFolder(dir);
    expect(lock).not.toBeNull();
    lock?.release();
  });
});

test("versions are compared by their numbers", () => {
  expect(compareVersions("3.51.10", "3.51.3")).toBeGreaterThan(0);
  expect(compareVersions("3.9", "3.51.3")).toBeLessThan(0);
  expect(compareVersions("3.51.3", "3.51.3")).toBe(0);
});

test("a data folder that can't be one is refused by its name, and not with a trace", () => {
  const file = join(dir, "file");
  writeFileSync(file, "no folder");
  for (const path of [file, join(file, "data")]) {
    expect(() => openDatabase(path)).toThrow(DatabaseRefused);
    expect(() => lockDataFolder(path)).toThrow(`The data folder ${path} can't be used`);
  }
});

test("space is put aside, and given up when a deletion needs it", () => {
  const reserve = join(dir, "reserve");
  keepReserve(dir);
  expect(existsSync(reserve)).toBe(true);
  const full = Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
  const makeRoom = () => {
    if (existsSync(reserve)) throw full;
    return "done";
  };
  expect(withReserve(dir, makeRoom)).toBe("done");
  keepReserve(dir);
  expect(existsSync(reserve)).toBe(true);
  expect(() => withReserve(dir, () => JSON.parse("{"))).toThrow(SyntaxError);
  expect(existsSync(reserve)).toBe(true);
});
