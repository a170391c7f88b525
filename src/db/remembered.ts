import type { Database } from "./open.ts";
import { prepared } from "./prepared.ts";

const mostRemembered = 1000;

interface Memory<Answer> {
  dataVersion: unknown;
  ownChanges: unknown;
  answers: Map<string, Answer>;
}

/**
 * Remembers what a read answered until anything in the database changes, by whichever process: for rows
 * that every one of a thousand range requests asks for again. It is never out of date: SQLite itself says,
 * in a tenth of the time of the reads, whether something was committed since
 * (sqlite.org/pragma.html#pragma_data_version for others, total_changes() for ourselves).
 */
export function remembered<Answer>(): (db: Database, key: string, read: () => Answer) => Answer {
  const memories = new WeakMap<Database, Memory<Answer>>();
  return (db, key, read) => {
    // What a transaction reads may be rolled back.
    if (db.$client.inTransaction) return read();
    // Before the read: what is committed in between makes us read once more, never once too little.
    const dataVersion = statements(db).dataVersion.get();
    const ownChanges = statements(db).ownChanges.get();
    let memory = memories.get(db);
    const isFresh = memory?.dataVersion === dataVersion && memory?.ownChanges === ownChanges;
    if (!memory || !isFresh || memory.answers.size >= mostRemembered) {
      memory = { dataVersion, ownChanges, answers: new Map() };
      memories.set(db, memory);
    }
    const known = memory.answers.get(key);
    if (known !== undefined) return known;
    // Shared from now on: whoever changed it would change it for all.
    const answer = Object.freeze(read());
    memory.answers.set(key, answer);
    return answer;
  };
}

const statements = prepared((db) => ({
  dataVersion: db.$client.prepare("PRAGMA data_version").pluck(),
  ownChanges: db.$client.prepare("SELECT total_changes()").pluck(),
}));
