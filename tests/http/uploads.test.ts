import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { Upload } from "tus-js-client";
import { mp4Clip } from "../fixtures/media.ts";
import { openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";
import { clipOfSize, sha256, tusRoot } from "../fixtures/uploads.ts";

setDefaultTimeout(20_000);

let shelf: Shelf;
let token: string;
let clip: string;
beforeAll(async () => {
  shelf = openShelf();
  token = await shelf.app.join("ada");
  clip = await mp4Clip();
  await shelf.app.start();
});
afterAll(() => shelf.close());

const api = async <T>(path: string): Promise<T> => {
  const response = await fetch(`${shelf.origin}/api/v1${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return (await response.json()) as T;
};

test("a file comes in pieces and becomes a video", async () => {
  const bytes = clipOfSize(clip, 3_000_000);
  await new Promise<void>((resolve, reject) => {
    new Upload(bytes, {
      endpoint: shelf.origin + tusRoot,
      chunkSize: 500_000,
      headers: { authorization: `Bearer ${token}` },
      metadata: { filename: "IMG_20240314-holiday.final.mp4", tags: "a,b" },
      onSuccess: () => resolve(),
      onError: reject,
    }).start();
  });
  await shelf.app.idle();
  const [upload] = (await api<{ items: { state: string; video_id: string }[] }>("/uploads")).items;
  expect(upload).toMatchObject({ state: "done", offset_bytes: 3_000_000, error: null });
  expect(await api(`/videos/${upload?.video_id}`)).toMatchObject({
    state: "READY",
    title: "2024-03-14 holiday final",
    tags: ["a", "b"],
    filename: "IMG_20240314-holiday.final.mp4",
    sha256: sha256(bytes),
  });
});
