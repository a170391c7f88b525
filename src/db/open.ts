import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { drizzle } from "drizzle-orm/better-sqlite3";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { compareVersions } from "../lib/versions.ts";
import { loadDriver } from "./driver.ts";
import * as schema from "./schema.ts";

type Client = InstanceType<ReturnType<typeof loadDriver>>;

/** Synchronous drizzle over one connection; a transaction's function must not be async. */
export type Database = BetterSQLite3Database<typeof schema> & { $client: Client };

/** The data folder can't be used as it is; the message says what to do. */
export class DatabaseRefused extends Error {
  override readonly name = "DatabaseRefused";
}

/** Before 3.51.3 a reset of the write-ahead log could lose commits (sqlite.org/wal.html#walresetbug). */
const oldestSqlite = "3.51.3";

const busyTimeoutMs = 10_000;

/**
 * Opens (and makes) the database of a data folder, or an in-memory one for `:memory:`. Commits are
 * durable when they return: WAL with synchronous=FULL.
 */
export function openDatabase(dataDir: string): Database {
  const path = dataDir === ":memory:" ? dataDir : databasePath(dataDir);
  const client = openFile(dataDir, path, busyTimeoutMs);
  try {
    refuseOldSqlite(client);
    client.pragma("journal_mode = WAL");
    client.pragma("synchronous = FULL");
    client.pragma("foreign_keys = ON");
    client.pragma("temp_store = MEMORY");
    client.pragma("schema_version");
    // SQLite's own lower() knows the letters of ASCII only.
    client.function("fold", { deterministic: true }, (text) => String(text).normalize("NFKC").toLowerCase());
  } catch (error) {
    client.close();
    throw explain(error, dataDir);
  }
  return drizzle({ client, schema });
}

export function closeDatabase(db: Database): void {
  db.$client.close();
}

/**
 * Holds the data folder for this process until it ends, however it ends: the kernel lets go of the lock
 * of a dead process. Returns null where another process holds it.
 */
export function lockDataFolder(dataDir: string): { release(): void } | null {
  const client = openFile(dataDir, join(dataDir, "homereel.lock"), 0);
  try {
    client.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    client.close();
    if ((error as { code?: string }).code === "SQLITE_BUSY") return null;
    throw explain(error, dataDir);
  }
  return { release: () => client.close() };
}

function openFile(dataDir: string, path: string, timeout: number): Client {
  const Driver = loadDriver();
  try {
    if (dataDir !== ":memory:") mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return new Driver(path, { timeout });
  } catch (error) {
    throw explain(error, dataDir);
  }
}

export function databasePath(dataDir: string): string {
  return join(dataDir, "homereel.sqlite");
}

export function backupFolder(dataDir: string): string {
  return join(dataDir, "backups");
}

function refuseOldSqlite(client: Client): void {
  const version = client.prepare("SELECT sqlite_version()").pluck().get() as string;
  if (compareVersions(version, oldestSqlite) < 0) {
    throw new DatabaseRefused(
      `SQLite ${version} can lose commits; Homereel needs ${oldestSqlite} or newer. Install the packages again.`,
    );
  }
}

function explain(error: unknown, dataDir: string): unknown {
  const code = String((error as { code?: unknown }).code ?? "");
  if (/^(E[A-Z]+|SQLITE_(CANTOPEN|READONLY|FULL|IOERR).*)$/.test(code)) {
    return new DatabaseRefused(
      `The data folder ${dataDir} can't be used (${code}). Check that it is a folder on a disk with space left, and that this user may write to it.`,
    );
  }
  if (!code.startsWith("SQLITE_CORRUPT") && code !== "SQLITE_NOTADB") return error;
  const backup = newestBackup(dataDir);
  const advice = backup
    ? `The newest backup is ${backup}: stop Homereel, move the damaged file away, and copy the backup to its place.`
    : "There is no backup.";
  return new DatabaseRefused(`${databasePath(dataDir)} is damaged (${code}). Nothing was changed. ${advice}`);
}

function newestBackup(dataDir: string): string | null {
  const folder = backupFolder(dataDir);
  if (!existsSync(folder)) return null;
  const newest = readdirSync(folder)
    .filter((name) => name.endsWith(".sqlite"))
    .sort()
    .at(-1);
  return newest === undefined ? null : join(folder, newest);
}
