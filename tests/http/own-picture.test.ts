import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { User } from "../../src/db/schema.ts";
import { countVideosToPicture } from "../../src/features/videos/videos.ts";
import { getUserByEmail } from "../../src/features/accounts/accounts.ts";
import { usageOf } from "../../src/features/space/space.ts";
import { dataFolder } from "../../src/lib/data-folder.ts";
import { openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { mp4Clip } from "../fixtures/media.ts";
import {
  cornersOf,
  decode,
  encode,
  fourCorners,
  secret,
  storedAs,
  toJpeg,
  toPng,
  withExif,
} from "../fixtures/pictures.ts";
import { filesStored } from "../fixtures/replacement.ts";
import { addReady } from "../fixtures/shelf.ts";
import { isInBucket } from "../fixtures/storage.ts";

setDefaultTimeout(60_000);

interface VideoJson {
  thumbnails: { n: number; url: string }[];
  poster_url: string | null;
}

let app: TestApp;
let ann: string;
let bob: string;
let id: string;
beforeAll(async () => {
  app = openTestApp();
  ann = await app.join("ann");
  bob = await app.join("bob");
  id = await addReady(app, owner("ann"), await mp4Clip(), { title: "Ours" });
  await app.start();
});
afterAll(() => app.close());

function owner(name: string): User {
  return getUserByEmail(app.deps, `${name}@example.org`);
}

const video = async () =>
  (await (await app.request(`/api/v1/videos/${id}`, { as: ann })).json()) as VideoJson;
const chosen = async () => (await pictures()).filter((key) => key.includes("/own-"));
const pictures = async () => (await filesStored(app)).filter((key) => key.startsWith(`thumbnails/${id}/`));
const noise = () => {
  const [width, height] = [640, 360];
  const rgb = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 2_654_435_761) >>> 24);
  return { width, height, rgb };
};
const put = (bytes: Uint8Array, as = ann) =>
  app.request(`/api/v1/videos/${id}/thumbnail`, {
    method: "PUT",
    headers: { "content-type": "image/jpeg" },
    body: Buffer.from(bytes),
    as,
  });

test("a picture that somebody chose stands for the video, upright and without what is private", async () => {
  const before = await video();
  const heard: unknown[] = [];
  app.deps.events.on("video.changed", (event) => heard.push(event));
  const response = await put(withExif(await encode(storedAs(fourCorners(640, 360), 8), ...toJpeg), 8));
  expect(response.status).toBe(200);
  const after = (await response.json()) as VideoJson;
  expect(heard).toContainEqual({ videoId: id, userId: owner("ann").id });
  expect(after.thumbnails.map(({ n }) => n)).toEqual([0, 1, 2, 3]);
  const url = after.poster_url ?? "";
  expect(url).toStartWith(`/thumbnails/${id}/own.jpg?v=`);
  expect(after.thumbnails[0]?.url).toBe(url);
  const sent = await app.request(url, { as: bob });
  expect(sent.headers.get("content-type")).toBe("image/jpeg");
  const jpeg = Buffer.from(await sent.arrayBuffer());
  expect(jpeg.includes(secret)).toBe(false);
  expect(cornersOf(await decode(jpeg, 1280, 720))).toEqual(["red", "lime", "blue", "white"]);
  // The first frame stays to be had.
  expect((await app.request(before.poster_url ?? "", { as: ann })).status).toBe(200);

  const gallery = await (await app.request("/", { as: bob })).text();
  expect(gallery).toContain(`src="${url}"`);
  expect(gallery).toContain(`data-poster="${url}"`);
  expect(await (await app.request(`/videos/${id}`, { as: bob })).text()).toContain(`poster="${url}"`);
});

test("the next one takes its place, and its bytes go", async () => {
  const [first] = await chosen();
  expect((await put(await encode(fourCorners(100, 300), ...toPng))).status).toBe(200);
  await app.idle();
  const now = await chosen();
  expect(now).toHaveLength(1);
  expect(now[0]).not.toBe(first ?? "");
});

test("it stays when the pictures of the video are taken again, and is none of those that can be missing", async () => {
  const own = await chosen();
  expect((await app.request(`/api/v1/videos/${id}/thumbnails`, { method: "POST", as: ann })).status).toBe(
    202,
  );
  await app.idle();
  expect(await chosen()).toEqual(own);
  expect((await video()).thumbnails.map(({ n }) => n)).toEqual([0, 1, 2, 3]);
  app.deps.db.$client.prepare("DELETE FROM files WHERE video_id = ? AND kind = 'poster'").run(id);
  expect(countVideosToPicture(app.deps, "missing")).toBe(1);
  await app.request(`/api/v1/videos/${id}/thumbnails`, { method: "POST", as: ann });
  await app.idle();
  expect(countVideosToPicture(app.deps, "missing")).toBe(0);
});

test("it takes of the owner's space, and none is kept that is more than is left", async () => {
  const own = await chosen();
  const page = async (bytes: Uint8Array) => {
    const form = new FormData();
    form.set("file", new File([Buffer.from(bytes)], "a.jpg"));
    return app.request(`/videos/${id}/thumbnail`, { method: "POST", body: form, as: ann });
  };
  const [small, large] = [await encode(fourCorners(64, 36), ...toPng), await encode(noise(), ...toJpeg)];
  await put(small);
  const { usedBytes } = usageOf(app.deps, owner("ann"));
  const give = (bytes: number | null) =>
    app.deps.db.$client.prepare("UPDATE users SET quota_bytes = ? WHERE email LIKE 'ann@%'").run(bytes);
  give(usedBytes + 10);
  const said = "That is more than you have space for";
  const refused = await put(large);
  expect([refused.status, await refused.json()]).toMatchObject([
    507,
    { code: "quota_exceeded", title: expect.stringContaining(said) },
  ]);
  const shown = await page(large);
  expect([shown.status, await shown.text()]).toEqual([507, expect.stringContaining(said)]);
  // Who is told is not whose space it is.
  const byAdmin = await put(large, await app.join("root", "admin"));
  expect([byAdmin.status, await byAdmin.json()]).toMatchObject([
    507,
    {
      title: expect.stringMatching(/^That is more than ann has space for: /),
      detail: expect.stringMatching(/theirs/),
    },
  ]);
  await app.idle();
  expect(usageOf(app.deps, owner("ann")).usedBytes).toBe(usedBytes);
  const [kept, ...others] = await chosen();
  expect([kept === own[0], others]).toEqual([false, []]);
  // One that takes no more than the one before may always take its place, and nothing is received where nothing is left.
  give(1);
  expect((await put(small)).status).toBe(200);
  await app.request(`/api/v1/videos/${id}/thumbnail`, { method: "DELETE", as: ann });
  expect((await put(small)).status).toBe(507);
  give(null);
  expect((await put(small)).status).toBe(200);
});

test("who may not change the video is refused before a byte is read", async () => {
  const body = new ReadableStream(
    { pull: () => expect.unreachable("the body was read") },
    { highWaterMark: 0 },
  );
  const init = { method: "PUT", body, headers: { "content-type": "image/png" }, as: bob };
  expect((await app.request(`/api/v1/videos/${id}/thumbnail`, init)).status).toBe(403);
  expect(
    (await app.request("/api/v1/videos/none/thumbnail", { ...init, method: "DELETE", body: null })).status,
  ).toBe(404);
});

test("what is no picture changes nothing, and the page says why", async () => {
  const own = await chosen();
  const refused = await put(Buffer.from("<script>alert(1)</script>"));
  expect(refused.status).toBe(422);
  expect(await refused.json()).toMatchObject({ code: "not_a_picture" });
  const form = new FormData();
  form.set("file", new File(["<svg/>"], "a.svg", { type: "image/svg+xml" }));
  const page = await app.request(`/videos/${id}/thumbnail`, { method: "POST", body: form, as: ann });
  expect(page.status).toBe(422);
  expect(await page.text()).toContain("This is not a picture that can be read.");
  expect(await chosen()).toEqual(own);
});

test("it can be given up again, by the page too, and goes with the video", async () => {
  expect((await app.request(`/videos/${id}/thumbnail/delete`, { method: "POST", as: ann })).status).toBe(303);
  await app.idle();
  expect(await chosen()).toEqual([]);
  expect((await video()).poster_url).toStartWith(`/thumbnails/${id}/poster.jpg`);
  expect((await app.request(`/api/v1/videos/${id}/thumbnail`, { method: "DELETE", as: ann })).status).toBe(
    204,
  );

  const form = new FormData();
  form.set("file", new File([Buffer.from(await encode(fourCorners(), ...toPng))], "a.png"));
  const sent = await app.request(`/videos/${id}/thumbnail`, { method: "POST", body: form, as: ann });
  expect([sent.status, sent.headers.get("location")]).toEqual([303, `/videos/${id}`]);
  expect(await chosen()).toHaveLength(1);
  expect((await app.request(`/api/v1/videos/${id}`, { method: "DELETE", as: ann })).status).toBe(204);
  await app.idle();
  expect(await pictures()).toEqual([]);
  if (!isInBucket) expect(readdirSync(dataFolder.storage(app.dataDir))).not.toContain("thumbnails");
});
