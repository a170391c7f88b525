import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { failpoint } from "../lib/failpoint.ts";
import { migrations } from "./migrations.ts";
import type { Migration } from "./migrations.ts";
import { DatabaseRefused, backupFolder } from "./open.ts";
import type { Database } from "./open.ts";

const backupsKept = 5;

/**
 * Brings the schema up to this program's: a backup first, then each migration in a transaction of its
 * own that also raises `user_version`. A schema newer than the program's is refused untouched.
 * `dataDir` null means there is nothing to back up to (in-memory).
 */
export function migrate(
  db: Database,
  dataDir: string | null,
  steps: readonly Migration[] = migrations,
): void {
  const client = db.$client;
  const current = client.pragma("user_version", { simple: true }) as number;
  const newest = steps.at(-1)?.version ?? 0;
  if (current > newest) {
    throw new DatabaseRefused(
      `The data folder was used by a newer Homereel (schema ${current}, this one knows ${newest}). Nothing was changed. Start the newer version.`,
    );
  }
  const due = steps.filter((step) => step.version > current);
  if (due.length === 0) return;
  if (current > 0 && dataDir !== null) backUp(db, dataDir, current);
  // A step that a power cut takes back is due again at the next start, and the first commit after them syncs them too.
  client.pragma("synchronous = NORMAL");
  try {
    for (const step of due) runStep(client, step);
  } finally {
    client.pragma("synchronous = FULL");
  }
}

function runStep(client: Database["$client"], step: Migration): void {
  client.transaction(() => {
    client.exec(step.sql);
    failpoint("migrate");
    client.pragma(`user_version = ${step.version}`);
  })();
}

/** A complete copy of the database, taken while it is in use. Returns its path. */
export function backUp(db: Database, dataDir: string, version: number): string {
  const folder = backupFolder(dataDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const time = new Date().toISOString().replaceAll(/[:.]/g, "-");
  const path = join(folder, `${time}-schema${version}.sqlite`);
  db.$client.prepare("VACUUM INTO ?").run(path);
  const old = readdirSync(folder)
    .filter((name) => name.endsWith(".sqlite"))
    .sort()
    .slice(0, -backupsKept);
  for (const name of old) rmSync(join(folder, name));
  return path;
}
