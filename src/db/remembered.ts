import type { Database } from "./open.ts";
import { prepared } from "./prepared.ts";

const mostRemembered = 1000;

interface Memory<Answer> {
  version: string;
  answers: Map<string, Answer>;
}

/**
 * Remembers what a read answered until anything in the database changes: for rows that each of a thousand
 * range requests asks for again. What this process changes is seen at once, what other processes commit within
 * `checkOthersMs`.
 */
export function remembered<Answer>(): (db: Database, key: string, read: () => Answer) => Answer {
  const memories = new WeakMap<Database, Memory<Answer>>();
  return (db, key, read) => {
    // What a transaction reads may be rolled back.
    if (together === null && db.$client.inTransaction) return read();
    // Before the read: what is committed in between makes us read once more, never once too little.
    const version = together ?? versionOf(db);
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

// PRAGMA data_version locks the file as any read does, which takes as long as half of what a range request needs.
const checkOthersMs = 5;
let together: string | null = null;

/** Looks once whether anything changed, for all that `read` asks for. It must neither write nor wait. */
export function readTogether<Answer>(db: Database, read: () => Answer): Answer {
  if (db.$client.inTransaction) return read();
  together = versionOf(db);
  try {
    return read();
  } finally {
    together = null;
  }
}

const othersVersions = new WeakMap<Database, { version: unknown; readAt: number }>();

/** Another text after every change. */
function versionOf(db: Database): string {
  const now = performance.now();
  let others = othersVersions.get(db);
  if (others === undefined || now - others.readAt >= checkOthersMs) {
    // Of other connections (sqlite.org/pragma.html#pragma_data_version).
    others = { version: statements(db).dataVersion.get(), readAt: now };
    othersVersions.set(db, others);
  }
  return `${String(others.version)} ${String(statements(db).ownChanges.get())}`;
}

const statements = prepared((db) => ({
  dataVersion: db.$client.prepare("PRAGMA data_version").pluck(),
  ownChanges: db.$client.prepare("SELECT total_changes()").pluck(),
}));
