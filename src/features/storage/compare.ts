import type { StoredObject } from "../../storage/storage.ts";
import type { StoredRow } from "./queries.ts";

export type Match =
  | { object: StoredObject; row: StoredRow }
  | { object: StoredObject; row: null }
  | { object: null; row: StoredRow };

/** Walks along both, which are in the order of their keys, and says what is with what: one of each in memory. */
export async function* compareStored(
  objects: AsyncIterable<StoredObject>,
  rows: Iterable<StoredRow>,
): AsyncGenerator<Match> {
  const named = rows[Symbol.iterator]();
  const nextRow = (): StoredRow | null => named.next().value ?? null;
  let row = nextRow();
  for await (const object of objects) {
    for (; row !== null && row.key < object.key; row = nextRow()) yield { object: null, row };
    if (row?.key === object.key) {
      yield { object, row };
      row = nextRow();
    } else yield { object, row: null };
  }
  for (; row !== null; row = nextRow()) yield { object: null, row };
}
