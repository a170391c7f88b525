import { afterAll, describe, expect, test } from "bun:test";
import { is } from "drizzle-orm";
import { SQLiteTable, getTableConfig } from "drizzle-orm/sqlite-core";
import { migrate } from "../../src/db/migrate.ts";
import { openDatabase } from "../../src/db/open.ts";
import * as schema from "../../src/db/schema.ts";

/** What `PRAGMA table_info` says of a column. */
interface ColumnInfo {
  name: string;
  type: string;
  notnull: 0 | 1;
  dflt_value: string | null;
  /** Its place in the primary key from 1; 0 where it is no part of it. */
  pk: number;
}

const db = openDatabase(":memory:");
migrate(db, null);
afterAll(() => db.$client.close());

const tables = Object.values(schema)
  .filter((value) => is(value, SQLiteTable))
  .map((table) => getTableConfig(table));

const rows = <Row>(query: string, ...values: string[]): Row[] =>
  db.$client.prepare<string[], Row>(query).all(...values);

test("the migrations make the tables of the schema, and no others", () => {
  // Virtual tables (the search index) and their shadows are no business of the schema.
  const made = rows<{ name: string }>(
    `SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main' AND name NOT LIKE 'sqlite_%'`,
  );
  expect(made.map((table) => table.name).toSorted()).toEqual(tables.map((table) => table.name).toSorted());
  expect(tables.length).toBeGreaterThan(5);
});

test("every table that says where bytes are is known to those who look for bytes that nobody needs", () => {
  const namesBytes = tables.filter(({ columns, name }) => {
    const names = new Set(columns.map((column) => column.name));
    return names.has("storage") && names.has("key") && name !== "file_removals";
  });
  const known = schema.storedTables.map((table) => getTableConfig(table).name);
  expect(namesBytes.map(({ name }) => name).toSorted()).toEqual(known.toSorted());
});

describe.each(tables.map((table) => [table.name, table] as const))("%s", (name, table) => {
  const primaryKey = new Set(table.primaryKeys.flatMap((key) => key.columns.map((column) => column.name)));

  test("has the columns of the schema: type, not null, default, primary key", () => {
    const made = rows<ColumnInfo>(`SELECT * FROM pragma_table_info(?)`, name);
    expect(made.map(describeMade).toSorted(byName)).toEqual(
      table.columns
        .map((column) => ({
          name: column.name,
          type: column.getSQLType().toUpperCase(),
          // A primary key of the schema counts as not null; of a STRICT table too, said or not.
          notNull: column.notNull || column.primary,
          hasDefault: column.hasDefault && column.default !== undefined,
          primary: column.primary || primaryKey.has(column.name),
        }))
        .toSorted(byName),
    );
  });

  test("has the indexes of the schema: name, columns, unique", () => {
    const made = rows<{ name: string; unique: 0 | 1 }>(
      `SELECT name, "unique" FROM pragma_index_list(?) WHERE origin = 'c'`,
      name,
    );
    const columnsOf = (index: string): string[] =>
      rows<{ name: string }>(`SELECT name FROM pragma_index_info(?) ORDER BY seqno`, index).map(
        (row) => row.name,
      );
    expect(
      made
        .map((index) => ({ name: index.name, unique: index.unique === 1, columns: columnsOf(index.name) }))
        .toSorted(byName),
    ).toEqual(
      table.indexes
        .map(({ config }) => ({
          name: config.name,
          unique: config.unique,
          columns: config.columns.map((column) => ("name" in column ? column.name : "?")),
        }))
        .toSorted(byName),
    );
  });

  test("has the foreign keys of the schema", () => {
    const made = rows<{ from: string; table: string; on_delete: string }>(
      `SELECT "from", "table", on_delete FROM pragma_foreign_key_list(?)`,
      name,
    );
    const described = table.foreignKeys.map((key) => ({
      from: key.reference().columns[0]?.name,
      table: getTableConfig(key.reference().foreignTable).name,
      on_delete: (key.onDelete ?? "no action").toUpperCase(),
    }));
    expect(made.map(({ from, table: to, on_delete }) => `${from} → ${to} ${on_delete}`).toSorted()).toEqual(
      described.map(({ from, table: to, on_delete }) => `${from} → ${to} ${on_delete}`).toSorted(),
    );
  });

  test("is STRICT, so that a column holds its type and nothing else", () => {
    expect(rows(`SELECT strict FROM pragma_table_list WHERE name = ?`, name)).toEqual([{ strict: 1 }]);
  });
});

function describeMade(column: ColumnInfo) {
  return {
    name: column.name,
    type: column.type,
    notNull: column.notnull === 1 || column.pk > 0,
    hasDefault: column.dflt_value !== null,
    primary: column.pk > 0,
  };
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
