import type { Database } from "./open.ts";
import { prepared } from "./prepared.ts";

const mostRemembered = 1000;

interface Memory<Answer> {
  version: string;
  answers: Map<string, Answer>;
}

/**
 * Remembers what a read answered until anything in the database changes: for rows that each of a thousand
 * range requests asks for again. What this process changes is seen at once, what others commit from the next
 * turn of the event loop on, and so by every request that arrives later.
 */
export function remembered<Answer>(): (db: Database, key: string, read: () => Answer) => Answer {
  const memories = new WeakMap<Database, Memory<Answer>>();
  return (db, key, read) => {
    // What a transaction reads may be rolled back.
    if (db.$client.inTransaction) return read();
    // Before the read: what is committed in between makes us read once more, never once too little.
    const version = versionOf(db);
    let memory = memories.get(db);
    if (memory?.version !== version || memory.answers.size >= mostRemembered) {
      memory = { version, answers: new Map() };
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

const othersVersions = new WeakMap<Database, unknown>();

/** Another text after every change. */
function versionOf(db: Database): string {
  let others = othersVersions.get(db);
  if (others === undefined) {
    // Of other connections (sqlite.org/pragma.html#pragma_data_version). It locks the file as any read does, which
    // takes half as long as a read: once for all requests that this turn has to answer.
    others = statements(db).dataVersion.get();
    othersVersions.set(db, others);
    setImmediate(() => othersVersions.delete(db));
  }
  return `${String(others)} ${String(statements(db).ownChanges.get())}`;
}

const statements = prepared((db) => ({
  dataVersion: db.$client.prepare("PRAGMA data_version").pluck(),
  ownChanges: db.$client.prepare("SELECT total_changes()").pluck(),
}));
