import { expect, test } from "bun:test";
import fc from "fast-check";
import { compareStored } from "../../src/features/storage/compare.ts";

const keySet = fc.uniqueArray(fc.stringMatching(/^[a-cA-C_.-]{1,3}$/), { maxLength: 12 });
const inOrder = (keys: readonly string[]) => keys.toSorted();

test("what is on both sides is matched, and all else is said to be on one", async () => {
  await fc.assert(
    fc.asyncProperty(keySet, keySet, async (objects, rows) => {
      async function* listed() {
        for (const key of inOrder(objects)) yield { key, sizeBytes: 1, modifiedAt: new Date(0) };
      }
      const found = { both: [] as string[], object: [] as string[], row: [] as string[] };
      const named = inOrder(rows).map((key) => ({ key, sizeBytes: 1, sha256: "" }));
      for await (const { object, row } of compareStored(listed(), named)) {
        if (object && row) expect(object.key).toBe(row.key);
        found[object ? (row ? "both" : "object") : "row"].push((object ?? row)?.key ?? "");
      }
      expect(found).toEqual({
        both: inOrder(objects.filter((key) => rows.includes(key))),
        object: inOrder(objects.filter((key) => !rows.includes(key))),
        row: inOrder(rows.filter((key) => !objects.includes(key))),
      });
    }),
  );
});
