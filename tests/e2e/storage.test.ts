import { afterAll, beforeAll, expect, test } from "bun:test";
import { addReady, openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { filesIn, filesOfRows, filesStored } from "../fixtures/replacement.ts";
import { isInBucket } from "../fixtures/storage.ts";

let shelf: Shelf;
beforeAll(() => void (shelf = openShelf()));
afterAll(() => shelf.close());

test("what these tests store is where this run says: on the disk, or in the bucket alone", async () => {
  const { app } = shelf;
  await addReady(app, await shelf.addUser("Ada"), await mp4Clip(), { title: "A clip" });
  expect(app.deps.storage.name).toBe(isInBucket ? "s3" : "disk");
  expect(await filesStored(app)).toEqual(filesOfRows(app));
  if (!isInBucket) expect(filesIn(app.dataDir, "storage")).toHaveLength(5);
  else expect(await Array.fromAsync(app.deps.storageOf("disk").list(""))).toEqual([]);
});
