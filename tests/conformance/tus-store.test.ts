/**
 * What the stores that come with @tus/server are held to (`packages/utils/src/test/stores.ts` of tus-node-server), held
 * against ours. The bytes of a piece come as the body of the request that the store is for; lengths that are said later
 * are not announced, and so not asked for here.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { Upload } from "@tus/server";
import { createUser } from "../../src/features/accounts/accounts.ts";
import type { User } from "../../src/features/accounts/accounts.ts";
import { Turn } from "../../src/features/uploads/tus/turns.ts";
import { UploadStore } from "../../src/features/uploads/tus/store.ts";
import { sweepUploadsNow } from "../../src/features/uploads/sweep.ts";
import { newId } from "../../src/lib/ids.ts";
import { Snooze } from "../../src/queue/job.ts";
import { openTestApp, password } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { slowBody } from "../fixtures/uploads.ts";

let app: TestApp;
let user: User;
beforeAll(async () => {
  app = openTestApp();
  const email = "ada@example.org";
  user = await createUser(app.deps, null, { name: "Ada", email, password, role: "user" });
});
afterAll(() => app.close());

const size = 100_000;
const content = crypto.getRandomValues(new Uint8Array(size));
const folderOf = (id: string) => join(app.dataDir, "work", id);

/** A store for one request, as each has one of its own. */
function storeFor(id: string, body: BodyInit = "", now?: () => number): UploadStore {
  const request = new Request("http://shelf.test/", { method: "PATCH", body });
  const deps = now ? { ...app.deps, now } : app.deps;
  return new UploadStore({ deps, user, request, server: undefined, turn: new Turn(id) });
}

async function created(metadata: Upload["metadata"] = { filename: "world domination.mp4", secret: null }) {
  const upload = new Upload({ id: newId(), size, offset: 0, metadata });
  return storeFor(upload.id).create(upload);
}

const write = (id: string, body: BodyInit, offset = 0) =>
  storeFor(id, body).write(Readable.from([]), id, offset);
const look = (id: string) => storeFor(id).getUpload(id);
const notFound = { code: "not_found" };

test.each(["creation", "creation-with-upload", "termination", "expiration", "checksum"])(
  "%s is announced",
  (extension) => expect(storeFor("any").hasExtension(extension)).toBe(true),
);

test("lengths that are said later are not", () => {
  expect(storeFor("any").hasExtension("creation-defer-length")).toBe(false);
});

describe("create", () => {
  test("gives the upload back", async () => {
    const upload = await created();
    expect(upload).toBeInstanceOf(Upload);
    expect(Number.isNaN(Date.parse(upload.creation_date ?? ""))).toBe(false);
  });

  test.each<Upload["metadata"]>([
    { filename: "world domination.mp4", secret: null },
    { filename: "世界 domination.mp4" },
  ])("keeps length and metadata: %p", async (metadata) => {
    const { id } = await created(metadata);
    expect(await look(id)).toMatchObject({ id, size, offset: 0, sizeIsDeferred: false, metadata });
  });
});

describe("getUpload", () => {
  test("rejects what is not there", () => expect(look("nowhere")).rejects.toMatchObject(notFound));

  test("tells how far it is", async () => {
    const { id } = await created();
    const offset = await write(id, content.subarray(0, 40_000));
    expect(offset).toBe(40_000);
    expect((await look(id)).offset).toBe(offset);
  });
});

describe("write", () => {
  test("rejects what is not there", () => expect(write("nowhere", content)).rejects.toMatchObject(notFound));

  test("resolves to the new offset, and the bytes are those that came", async () => {
    const { id } = await created();
    expect(await write(id, content.subarray(0, 40_000))).toBe(40_000);
    expect(await write(id, slowBody(content.slice(40_000), 10_000), 40_000)).toBe(size);
    expect(await Bun.file(join(folderOf(id), "received")).bytes()).toEqual(content);
  });

  test("rejects where the body breaks off, and keeps what came until then", async () => {
    const { id } = await created();
    let pulled = 0;
    const broken = new ReadableStream({
      pull(controller) {
        if (pulled++ === 0) controller.enqueue(content.slice(0, 30_000));
        else controller.error(new Error("the line is dead"));
      },
    });
    await expect(write(id, broken)).rejects.toThrow();
    const { offset } = await look(id);
    expect(await write(id, content.subarray(offset), offset)).toBe(size);
    expect(await Bun.file(join(folderOf(id), "received")).bytes()).toEqual(content);
  });
});

describe("remove", () => {
  test("rejects what is not there", () =>
    expect(storeFor("nowhere").remove("nowhere")).rejects.toMatchObject(notFound));

  test("takes the bytes away, too", async () => {
    const { id } = await created();
    await write(id, content);
    await storeFor(id).remove(id);
    await expect(look(id)).rejects.toMatchObject(notFound);
    expect(existsSync(folderOf(id))).toBe(false);
  });

  test("while bytes are coming", async () => {
    const { id } = await created();
    const half = Promise.withResolvers<void>();
    const writing = write(id, slowBody(content, 5000, half.resolve));
    await half.promise;
    await Promise.allSettled([writing, storeFor(id).remove(id)]);
    await expect(look(id)).rejects.toMatchObject(notFound);
    expect(existsSync(folderOf(id))).toBe(false);
  });
});

test("what has waited too long goes, and what was just written does not", async () => {
  const [old, young] = [await created(), await created()];
  await write(old.id, content.subarray(0, 10));
  const later = () => app.deps.now() + storeFor(old.id).getExpiration();
  await storeFor(young.id, content.slice(0, 10), later).write(Readable.from([]), young.id, 0);
  await expect(sweepUploadsNow({ ...app.deps, now: later })).rejects.toBeInstanceOf(Snooze);
  await expect(look(old.id)).rejects.toMatchObject(notFound);
  expect(existsSync(folderOf(old.id))).toBe(false);
  expect((await look(young.id)).offset).toBe(10);
});
