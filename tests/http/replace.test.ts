import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFileNow } from "../../src/features/videos/replace.ts";
import {
  cancelReplacement,
  deleteVideo,
  remakePictures,
  replaceFileLater,
  requireReplaceable,
} from "../../src/features/videos/videos.ts";
import { changeVideo, findVideo } from "../../src/features/videos/queries.ts";
import { AppError } from "../../src/lib/errors.ts";
import { Snooze } from "../../src/queue/job.ts";
import { openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addFile, addPerson } from "../fixtures/cast.ts";
import type { Person } from "../fixtures/cast.ts";
import { h264AndAac, makeClip, mp4Clip } from "../fixtures/media.ts";
import { filesIn, filesOfRows, filesStored, sendReplacement } from "../fixtures/replacement.ts";
import { addReady, addWaiting, openShelf } from "../fixtures/shelf.ts";
import { isInBucket } from "../fixtures/storage.ts";
import { until } from "../fixtures/until.ts";
import { clipOfSize } from "../fixtures/uploads.ts";

setDefaultTimeout(60_000);

let app: TestApp;
let ben: Person;
let old: string;
let longer: string;
beforeEach(async () => {
  app = openTestApp();
  ben = await addPerson(app, "ben");
  [old, longer] = await Promise.all([
    mp4Clip({ seconds: 2 }),
    mp4Clip({ seconds: 4, width: 640, height: 360 }),
  ]);
});
afterEach(() => app.close());

const sha256 = (path: string) => new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex");
const call = (path: string, init: RequestInit = {}, as = ben.token) => app.request(path, { as, ...init });
async function video(id: string, as = ben.token): Promise<Record<string, unknown>> {
  return (await (await call(`/api/v1/videos/${id}`, {}, as)).json()) as Record<string, unknown>;
}

/** What was given up is cleared away a moment later. */
const nothingAtWork = () => until(() => (filesIn(app.dataDir, "work").length === 0 ? true : null));

/** What a page hears first of a video: how it stands. */
async function firstMessage(path: string, as: string): Promise<string> {
  const reader = (await call(path, {}, as)).body?.getReader();
  let heard = "";
  while (!heard.includes("#about")) heard += new TextDecoder().decode((await reader?.read())?.value);
  // What belongs to it comes with it.
  heard += new TextDecoder().decode((await Promise.race([reader?.read(), Bun.sleep(500)]))?.value);
  await reader?.cancel();
  return heard;
}

/** What a video may say differently before and after; all else is as it was. */
const replaceable =
  /^(duration_seconds|width|height|size_bytes|sha256|updated_at|filename|thumbnails|.*_url)$/;

describe("a new file for a video", () => {
  test("takes the place of the old one, and all else stays", async () => {
    const id = await addReady(app, ben.user, old, {
      title: "Garden",
      tags: ["flowers"],
      visibility: "private",
    });
    const before = await video(id);
    const etag = (await call(`/videos/${id}/stream`)).headers.get("etag");
    expect(etag).toBeString();
    await sendReplacement(app, ben.user, id, longer, "better.mp4");

    const meanwhile = await video(id);
    expect(meanwhile).toMatchObject({ state: "READY", sha256: sha256(old) });
    expect(meanwhile.replacing_since).toBeString();
    expect((await call(`/videos/${id}/stream`)).headers.get("etag")).toBe(etag);

    await app.start();
    await app.idle();
    const after = await video(id);
    expect(after).toMatchObject({
      sha256: sha256(longer),
      size_bytes: readFileSync(longer).length,
      duration_seconds: 4,
      width: 640,
      height: 360,
      filename: "better.mp4",
      replacing_since: null,
      replace_error: null,
    });
    const others = Object.keys(before).filter((key) => !replaceable.test(key));
    for (const key of others) expect([key, after[key]]).toEqual([key, before[key]]);
    const stream = await call(`/videos/${id}/stream`);
    expect(stream.headers.get("etag")).not.toBe(etag);
    if (!isInBucket) expect(stream.headers.get("etag")).toBe(`"${sha256(longer)}"`);
    expect(Buffer.from(await stream.arrayBuffer()).equals(readFileSync(longer))).toBe(true);
    expect(after.thumbnails).toHaveLength(3);
    for (const { url } of after.thumbnails as { url: string }[]) expect((await call(url)).status).toBe(200);

    expect(await filesStored(app)).toEqual(filesOfRows(app));
    await nothingAtWork();
  });

  test("can do so again, and the pictures are made again from the newest", async () => {
    const id = await addReady(app, ben.user, old, { title: "Garden" });
    await app.start();
    for (const clip of [longer, old, longer]) {
      await sendReplacement(app, ben.user, id, clip, "next.mp4");
      await app.idle();
      expect(await video(id)).toMatchObject({ sha256: sha256(clip) });
    }
    remakePictures(app.deps, ben.user, id);
    await app.idle();
    expect(await filesStored(app)).toEqual(filesOfRows(app));
    expect(filesOfRows(app)).toHaveLength(5);
  });

  test("brings a rendition where it needs one, and takes away what the old one needed", async () => {
    const mkv = await makeClip("mkv", ...h264AndAac({ seconds: 3 }));
    const id = await addReady(app, ben.user, old, { title: "Garden" });
    await app.start();
    await sendReplacement(app, ben.user, id, mkv, "garden.mkv");
    await app.idle();
    expect(await video(id)).toMatchObject({ mime: "video/mp4", sha256: sha256(mkv) });
    expect(filesOfRows(app)).toHaveLength(6);
    await sendReplacement(app, ben.user, id, old, "garden.mp4");
    await app.idle();
    const shown = await (await call(`/videos/${id}/stream`)).arrayBuffer();
    expect(Buffer.from(shown).equals(readFileSync(old))).toBe(true);
    expect(await filesStored(app)).toEqual(filesOfRows(app));
    expect(filesOfRows(app)).toHaveLength(5);
  });

  test("leaves the picture that somebody chose", async () => {
    const id = await addReady(app, ben.user, old, { title: "Garden" });
    addFile(app, id, { kind: "thumbnail", n: 0, key: `thumbnails/${id}/0.jpg`, mime: "image/jpeg" });
    await app.start();
    await sendReplacement(app, ben.user, id, longer, "better.mp4");
    await app.idle();
    expect(filesOfRows(app)).toContain(`thumbnails/${id}/0.jpg`);
    expect(await filesStored(app)).toEqual(filesOfRows(app));
  });

  test("of two that come after each other the later wins, and nothing is left of the other", async () => {
    const id = await addReady(app, ben.user, old, { title: "Garden" });
    await sendReplacement(app, ben.user, id, await mp4Clip({ seconds: 3 }), "wrong.mp4");
    await sendReplacement(app, ben.user, id, longer, "right.mp4");
    await app.start();
    await app.idle();
    expect(await video(id)).toMatchObject({ sha256: sha256(longer), filename: "right.mp4" });
    expect(await filesStored(app)).toEqual(filesOfRows(app));
    await nothingAtWork();
  });

  test("is written down, with who sent it", async () => {
    const id = await addReady(app, ben.user, old, { title: "Garden" });
    await sendReplacement(app, ben.user, id, longer, "better.mp4");
    const admin = await addPerson(app, "ada", "admin");
    const audit = (await (
      await call("/api/v1/admin/audit?action=video.replace", {}, admin.token)
    ).json()) as {
      items: unknown[];
    };
    expect(audit.items).toMatchObject([
      { actor: { name: "ben" }, subject: { name: "Garden" }, detail: "better.mp4" },
    ]);
  });
});

describe("the old file stays", () => {
  test("where the new one is no video, and its owner is told why, nobody else", async () => {
    const id = await addReady(app, ben.user, old, { title: "Garden" });
    const text = join(app.dataDir, "text.mp4");
    writeFileSync(text, "#EXTM3U\n/etc/passwd");
    await app.start();
    await sendReplacement(app, ben.user, id, text, "text.mp4");
    await app.idle();
    const why = "This is not a video that can be read.";
    const after = await video(id);
    expect(after).toMatchObject({ state: "READY", sha256: sha256(old), replacing_since: null });
    expect(after.replace_error).toStartWith(why);
    expect(await (await call(`/videos/${id}`)).text()).toContain(why);
    const other = await addPerson(app, "cleo");
    expect((await video(id, other.token)).replace_error).toBeNull();
    expect(await (await call(`/videos/${id}`, {}, other.token)).text()).not.toContain(why);
    expect(await firstMessage(`/events?topic=video:${id}`, ben.token)).toContain(why);
    expect(await firstMessage(`/events?topic=video:${id}`, other.token)).not.toContain(why);
    expect(await filesStored(app)).toEqual(filesOfRows(app));
    await nothingAtWork();
    // The next one that works takes the sentence away.
    await sendReplacement(app, ben.user, id, longer, "better.mp4");
    await app.idle();
    expect(await video(id)).toMatchObject({ sha256: sha256(longer), replace_error: null });
  });

  test("where it is cancelled while it waits or while it is made", async () => {
    const id = await addReady(app, ben.user, old, { title: "Garden" });
    await sendReplacement(app, ben.user, id, longer, "better.mp4");
    cancelReplacement(app.deps, ben.user, id);
    expect(await video(id)).toMatchObject({ replacing_since: null, replace_error: null });
    await app.start();
    await app.idle();
    await nothingAtWork();

    await sendReplacement(app, ben.user, id, longer, "better.mp4");
    const deaf = app.deps.events.on("video.progress", () => {
      deaf();
      cancelReplacement(app.deps, ben.user, id);
    });
    await app.idle();
    expect(await video(id)).toMatchObject({
      sha256: sha256(old),
      replacing_since: null,
      replace_error: null,
    });
    expect(await filesStored(app)).toEqual(filesOfRows(app));
    await nothingAtWork();
  });

  test("and goes with its video, whatever was about to replace it", async () => {
    const id = await addReady(app, ben.user, old, { title: "Garden" });
    await sendReplacement(app, ben.user, id, longer, "better.mp4");
    deleteVideo(app.deps, ben.user, id);
    await app.start();
    await app.idle();
    expect(await filesStored(app)).toEqual([]);
    await nothingAtWork();
  });

  test("while the storage is away, and is replaced once it is back", async () => {
    const id = await addReady(app, ben.user, old, { title: "Garden" });
    const { folder, file } = await sendReplacement(app, ben.user, id, longer, "better.mp4");
    const { storage } = app.deps;
    const away = () => Promise.reject(new AppError("storage_unreachable", "The storage is away."));
    const since = findVideo(app.deps.db, id)?.replacingSince ?? 0;
    const payload = { videoId: id, folder, file, filename: "better.mp4", since };
    const context = { jobId: 0, attempt: 1, maxAttempts: 1, signal: new AbortController().signal };
    const deps = { ...app.deps, storage: { ...storage, putFile: away } };
    const error = await replaceFileNow(deps, payload, context).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Snooze);
    expect(await video(id)).toMatchObject({ sha256: sha256(old), replace_error: null });
    await app.start();
    await app.idle();
    expect(await video(id)).toMatchObject({ sha256: sha256(longer), replacing_since: null });
  });
});

describe("who may send one", () => {
  const source = { folder: "none", file: "original.mp4", filename: "better.mp4" };

  test("the owner and admins; to others a private video is not there", async () => {
    const id = await addReady(app, ben.user, old, { title: "Garden" });
    const cleo = await addPerson(app, "cleo");
    const admin = await addPerson(app, "ada", "admin");
    expect(() => replaceFileLater(app.deps, cleo.user, id, source)).toThrow("Only its owner or an admin");
    changeVideo(app.deps.db, id, { visibility: "private" });
    expect(() => replaceFileLater(app.deps, cleo.user, id, source)).toThrow("There is no such video.");
    await sendReplacement(app, admin.user, id, longer, "better.mp4");
    await app.start();
    await app.idle();
    expect(await video(id)).toMatchObject({ sha256: sha256(longer), owner: { name: "ben" } });
  });

  test("nobody while there is no file yet", () => {
    const id = addWaiting(app, ben.user, { title: "Garden" });
    expect(() => requireReplaceable(app.deps, ben.user, id)).toThrow("has no file yet");
    expect(() => replaceFileLater(app.deps, ben.user, id, source)).toThrow("has no file yet");
  });
});

test("who has begun to read the old file gets it to its end", async () => {
  const shelf = openShelf();
  try {
    const owner = await addPerson(shelf.app, "ben");
    const large = join(shelf.app.dataDir, "large.mp4");
    writeFileSync(large, clipOfSize(old, 24_000_000));
    const id = await addReady(shelf.app, owner.user, large, { title: "Garden" });
    const before = await new Response(await shelf.app.deps.storage.read(`videos/${id}/original.mp4`)).bytes();
    const headers = { authorization: `Bearer ${owner.token}` };
    const stream = await fetch(`${shelf.origin}/videos/${id}/file`, { headers });
    const reader = stream.body?.getReader();
    const parts = [(await reader?.read())?.value];

    await shelf.app.start();
    await sendReplacement(shelf.app, owner.user, id, longer, "better.mp4");
    const settled = shelf.app.idle();
    // MinIO lets nobody delete what is just being read.
    if (isInBucket)
      await until(() => (findVideo(shelf.app.deps.db, id)?.replacingSince === null ? true : null));
    else {
      await settled;
      expect(await filesStored(shelf.app)).toEqual(filesOfRows(shelf.app));
    }
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
      parts.push(part.value);
    expect(Buffer.concat(parts.filter((part) => part !== undefined)).equals(before)).toBe(true);
    await settled;
    expect(await filesStored(shelf.app)).toEqual(filesOfRows(shelf.app));
    // Who goes on with it now begins anew.
    const range = { range: "bytes=1000-", "if-range": stream.headers.get("etag") ?? "" };
    const again = await fetch(`${shelf.origin}/videos/${id}/file`, { headers: { ...headers, ...range } });
    expect([again.status, (await again.bytes()).length]).toEqual([200, readFileSync(longer).length]);
  } finally {
    await shelf.close();
  }
});

describe("by a request", () => {
  const fileOf = async (path: string, name: string) => {
    const body = new FormData();
    body.set("file", new File([await Bun.file(path).arrayBuffer()], name));
    return body;
  };

  test("of a program, as the body itself or as a form", async () => {
    const id = await addReady(app, ben.user, old, { title: "Garden", tags: ["flowers"] });
    await app.start();
    const raw = await call(`/api/v1/videos/${id}/file?filename=Better.mp4`, {
      method: "PUT",
      body: await Bun.file(longer).arrayBuffer(),
    });
    expect(raw.status).toBe(202);
    expect(await raw.json()).toMatchObject({ id, state: "READY", replacing_since: expect.any(String) });
    await app.idle();
    expect(await video(id)).toMatchObject({
      sha256: sha256(longer),
      filename: "Better.mp4",
      title: "Garden",
      tags: ["flowers"],
    });
    const form = await call(`/api/v1/videos/${id}/file`, {
      method: "PUT",
      body: await fileOf(old, "Old.mp4"),
    });
    expect(form.status).toBe(202);
    await app.idle();
    expect(await video(id)).toMatchObject({ sha256: sha256(old), filename: "Old.mp4", title: "Garden" });
    expect(await filesStored(app)).toEqual(filesOfRows(app));
    await nothingAtWork();
  });

  test("of a form on the page, which leads back to the video", async () => {
    const id = await addReady(app, ben.user, old, { title: "Garden" });
    const page = await (await call(`/videos/${id}`)).text();
    expect(page).toContain(`action="/videos/${id}/file" enctype="multipart/form-data"`);
    const sent = await call(`/videos/${id}/file`, {
      method: "POST",
      body: await fileOf(longer, "Better.mp4"),
    });
    expect([sent.status, sent.headers.get("location")]).toEqual([303, `/videos/${id}`]);
    expect(await (await call(`/videos/${id}`)).text()).toContain("Keep the old file");
    await app.start();
    await app.idle();
    expect(await video(id)).toMatchObject({ sha256: sha256(longer) });
  });

  test("of what is no video is refused before anything changes, and leaves nothing behind", async () => {
    const id = await addReady(app, ben.user, old, { title: "Garden" });
    const text = { method: "PUT", body: "#EXTM3U\nfile:///etc/passwd" };
    const refused = await call(`/api/v1/videos/${id}/file?filename=text.mp4`, text);
    expect([refused.status, await refused.json()]).toEqual([
      422,
      expect.objectContaining({ code: "not_a_video" }),
    ]);
    expect(await video(id)).toMatchObject({ sha256: sha256(old), replacing_since: null });
    await nothingAtWork();
  });

  test("is refused to others, with 404 where they may not know of the video", async () => {
    const id = await addReady(app, ben.user, old, { title: "Garden" });
    const cleo = await addPerson(app, "cleo");
    const put = async () =>
      (await call(`/api/v1/videos/${id}/file?filename=a.mp4`, { method: "PUT", body: "x" }, cleo.token))
        .status;
    expect(await put()).toBe(403);
    changeVideo(app.deps.db, id, { visibility: "private" });
    expect(await put()).toBe(404);
    expect((await call(`/api/v1/videos/${id}/replacement`, { method: "DELETE" }, cleo.token)).status).toBe(
      404,
    );
  });

  test("can be taken back by another", async () => {
    const id = await addReady(app, ben.user, old, { title: "Garden" });
    await sendReplacement(app, ben.user, id, longer, "better.mp4");
    expect((await call(`/api/v1/videos/${id}/replacement`, { method: "DELETE" })).status).toBe(204);
    await app.start();
    await app.idle();
    expect(await video(id)).toMatchObject({ sha256: sha256(old), replacing_since: null });
  });
});
