import type { Database } from "./open.ts";

/**
 * Statements that are prepared once for each connection: a prepared point read costs a tenth of an
 * unprepared one. Use as `const q = prepared((db) => ({ byId: db.select()….prepare() }))`, then `q(db).byId`.
 */
export function prepared<Statements>(make: (db: Database) => Statements): (db: Database) => Statements {
  const made = new WeakMap<Database, Statements>();
  return (db) => {
    const known = made.get(db);
    if (known !== undefined) return known;
    const statements = make(db);
    made.set(db, statements);
    return statements;
  };
}
