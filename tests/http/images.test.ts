import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formatBytes } from "../../src/lib/bytes.ts";
import { dataFolder } from "../../src/lib/data-folder.ts";
import { openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import {
  encode,
  fourCorners,
  hugePng,
  movingGif,
  secret,
  storedAs,
  toJpeg,
  toPng,
  withExif,
} from "../fixtures/pictures.ts";

setDefaultTimeout(60_000);

interface ImageJson {
  id: string;
  filename: string;
  mime: string;
  width: number | null;
  height: number | null;
  size_bytes: number;
  url: string;
  sizes: { width: number; url: string }[];
}

interface ProblemJson {
  code: string;
  title: string;
  detail: string;
}

let app: TestApp;
let ann: string;
let bob: string;
beforeAll(async () => {
  app = openTestApp({ HOMEREEL_IMAGES_MAX_SIZE: "2MB" });
  await app.start();
  ann = await app.join("ann");
  bob = await app.join("bob");
});
afterAll(() => app.close());

function sending(bytes: Uint8Array, name: string, type = "image/png"): RequestInit {
  const body = new FormData();
  body.set("file", new File([bytes as Uint8Array<ArrayBuffer>], name, { type }));
  return { method: "POST", body };
}

async function send(bytes: Uint8Array, name = "picture.png", as = ann): Promise<ImageJson> {
  const response = await app.request("/api/v1/images", { ...sending(bytes, name), as });
  expect([200, 201]).toContain(response.status);
  return (await response.json()) as ImageJson;
}

async function refusal(
  bytes: Uint8Array | string,
  name: string,
): Promise<{ status: number; code: string; title: string }> {
  const response = await app.request("/api/v1/images", { ...sending(Buffer.from(bytes), name), as: ann });
  const { code, title } = (await response.json()) as ProblemJson;
  return { status: response.status, code, title };
}

const get = (path: string, as = ann, headers: Record<string, string> = {}) =>
  app.request(path, { as, headers });
const filesNow = () => {
  const folder = join(dataFolder.storage(app.dataDir), "images");
  return existsSync(folder) ? readdirSync(folder).toSorted() : [];
};
const photo = async (seed: number, width = 700, height = 500) => {
  const { rgb } = fourCorners(width, height);
  rgb[seed * 3] = 1;
  return encode({ width, height, rgb }, ...toJpeg);
};

describe("a picture that is sent", () => {
  test("is kept small and upright, with smaller ones, and served to be kept by browsers", async () => {
    const jpeg = withExif(await encode(storedAs(fourCorners(700, 500), 6), ...toJpeg), 6);
    const image = await send(jpeg, "Grandma's birthday.JPG");
    expect(image).toMatchObject({ filename: "Grandma's birthday.JPG", width: 700, height: 500 });
    expect(image.sizes.map(({ width }) => width)).toEqual([320, 640]);
    for (const url of [image.url, ...image.sizes.map((size) => size.url)]) {
      const response = await get(url, bob);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("image/webp");
      expect(response.headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("content-disposition")).toStartWith('inline; filename="Grandma');
      const etag = response.headers.get("etag") ?? "";
      expect(etag).toMatch(/^"[0-9a-f]{64}"$/);
      expect(Buffer.from(await response.arrayBuffer()).includes(secret)).toBe(false);
      expect((await get(url, bob, { "if-none-match": etag })).status).toBe(304);
    }
    expect((await app.request(image.url)).status).toBe(401);
    expect((await get(`/images/${image.id}/999.webp`)).status).toBe(404);
    expect((await get(`/images/${image.id}/image.svg`)).status).toBe(404);
    expect((await get(`/images/${image.id}/..%2f..%2fhomereel.db`)).status).toBe(404);
  });

  test("comes as the body itself too", async () => {
    const init = {
      method: "POST",
      body: Buffer.from(await photo(1)),
      headers: { "content-type": "image/jpeg" },
    };
    const response = await app.request("/api/v1/images?filename=a%20b.jpg", { ...init, as: ann });
    expect(response.status).toBe(201);
    expect((await response.json()) as ImageJson).toMatchObject({ filename: "a b.jpg", width: 700 });
  });

  test("is the one that is there when it comes again, to its owner alone", async () => {
    const bytes = await photo(2);
    const first = await send(bytes, "first.jpg");
    const stored = filesNow();
    const again = await app.request("/api/v1/images", { ...sending(bytes, "again.jpg"), as: ann });
    expect(again.status).toBe(200);
    expect((await again.json()) as ImageJson).toMatchObject({ id: first.id, filename: "first.jpg" });
    expect(filesNow()).toEqual(stored);
    expect((await send(bytes, "first.jpg", bob)).id).not.toBe(first.id);
    const both = await Promise.all([3, 3].map(async (seed) => send(await photo(seed))));
    expect(both[0]?.id).toBe(both[1]?.id ?? "");
    await app.idle();
    expect(filesNow().filter((name) => name.startsWith(both[0]?.id ?? ""))).toHaveLength(3);
  });

  test("of a small polyglot is coded anew", async () => {
    const script = "/*alert(document.cookie)*/";
    const gif = await movingGif(2);
    const comment = Buffer.concat([
      Buffer.from([0x21, 0xfe, script.length]),
      Buffer.from(script),
      Buffer.alloc(1),
    ]);
    const image = await send(
      Buffer.concat([gif.subarray(0, -1), comment, gif.subarray(-1), Buffer.from(script)]),
    );
    const bytes = Buffer.from(await (await get(image.url)).arrayBuffer());
    expect(bytes.includes("alert")).toBe(false);
  });

  test("under an odd name keeps it as text, and goes out under a safe one", async () => {
    const name = `../..\\\u202egpj.exe "x"\n<script>.png`;
    const image = await send(await encode(fourCorners(50, 40), ...toPng), name);
    expect(image.filename).not.toContain("\n");
    const response = await get(image.url);
    expect(response.headers.get("content-disposition")).not.toMatch(/[\n<>/\\\u202e]/);
    const page = await (await get("/images")).text();
    expect(page).not.toContain("<script>.png");
  });
});

describe("an SVG", () => {
  test("is kept as it came, and goes out as an attachment in a sandbox", async () => {
    const svg = `<?xml version="1.0"?>\n<!-- hi -->\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`;
    const image = await send(Buffer.from(svg), "logo.svg");
    expect(image).toMatchObject({ mime: "image/svg+xml", width: null, height: null, sizes: [] });
    const response = await get(image.url);
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(response.headers.get("content-disposition")).toBe('attachment; filename="logo.svg"');
    expect(response.headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
    expect(await response.text()).toBe(svg);
    expect(await (await get("/images")).text()).not.toContain(`src="${image.url}"`);
  });
});

describe("what is no picture is refused, and leaves nothing", () => {
  test("with a sentence", async () => {
    const stored = filesNow();
    expect(await refusal("", "empty.jpg")).toMatchObject({ status: 422, title: "The file is empty." });
    const none = { status: 422, code: "not_a_picture", title: "This is not a picture that can be read." };
    expect(await refusal("just text", "text.jpg")).toEqual(none);
    expect(await refusal("<!doctype html><svg></svg><script>alert(1)</script>", "page.png")).toEqual(none);
    expect(await refusal(`#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd`, "list.webp")).toEqual(none);
    const jpeg = await photo(4);
    expect(await refusal(jpeg.subarray(0, jpeg.length / 2), "half.jpg")).toMatchObject({
      status: 422,
      title: "The picture is damaged or incomplete.",
    });
    expect(await refusal(hugePng(16_000, 16_000), "huge.png")).toEqual({
      status: 413,
      code: "too_large",
      title: "The picture has 256 megapixels.",
    });
    expect(await refusal(new Uint8Array(2_000_001), "long.png")).toEqual({
      status: 413,
      code: "too_large",
      title: "The file is larger than 2 MB.",
    });
    expect(filesNow()).toEqual(stored);
    expect(readdirSync(dataFolder.work(app.dataDir))).toEqual([]);
  });

  test("also where nothing was chosen, or no file comes at all", async () => {
    // As browsers send a form in which nothing was chosen.
    const head =
      'Content-Disposition: form-data; name="file"; filename=""\r\nContent-Type: application/octet-stream';
    const empty = {
      method: "POST",
      body: `--b\r\n${head}\r\n\r\n\r\n--b--\r\n`,
      headers: { "content-type": "multipart/form-data; boundary=b" },
    };
    const answers = await Promise.all([
      app.request("/api/v1/images", { ...empty, as: ann }),
      app.request("/api/v1/images", {
        method: "POST",
        body: "{}",
        headers: { "content-type": "application/json" },
        as: ann,
      }),
      app.request("/api/v1/images", { method: "POST", as: ann }),
    ]);
    for (const answer of answers) {
      expect(answer.status).toBe(422);
      expect(((await answer.json()) as ProblemJson).title).toBe("Choose a picture.");
    }
  });
});

describe("the page", () => {
  test("takes a picture without scripts, shows it, pages and deletes", async () => {
    const eve = await app.join("eve");
    expect(await (await get("/images", eve)).text()).toContain("No pictures yet");
    const init = sending(await photo(5), "beach.jpg");
    const sent = await app.request("/images", { ...init, as: eve });
    expect([sent.status, sent.headers.get("location")]).toEqual([303, "/images"]);
    const page = await (await get("/images", eve)).text();
    expect(page).toContain("beach.jpg");
    expect(page).toContain("700 × 500");
    const refused = await app.request("/images", { ...sending(Buffer.from("text"), "a.jpg"), as: eve });
    expect(refused.status).toBe(422);
    expect(await refused.text()).toContain("This is not a picture that can be read.");

    const list = (await (await get("/api/v1/images?limit=1", eve)).json()) as {
      items: ImageJson[];
      next_cursor: string | null;
    };
    expect(list.next_cursor).toBeNull();
    const id = list.items[0]?.id ?? "";
    await send(await photo(6), "later.jpg", eve);
    const newest = (await (await get("/api/v1/images?limit=1", eve)).json()) as {
      items: ImageJson[];
      next_cursor: string;
    };
    expect(newest.items[0]?.filename).toBe("later.jpg");
    const next = `/api/v1/images?limit=1&cursor=${newest.next_cursor}`;
    expect(((await (await get(next, eve)).json()) as { items: ImageJson[] }).items[0]?.id).toBe(id);

    expect((await app.request(`/images/${id}/delete`, { method: "POST", as: bob })).status).toBe(403);
    expect((await app.request(`/images/${id}/delete`, { method: "POST", as: eve })).status).toBe(303);
    expect((await get(`/api/v1/images/${id}`, eve)).status).toBe(404);
    await app.idle();
    expect(filesNow().some((name) => name.startsWith(id))).toBe(false);
  });
});

test("nothing of what was stored stays where its row can't be written", async () => {
  const stored = filesNow();
  app.deps.db.$client.exec(
    "CREATE TRIGGER refuse BEFORE INSERT ON images BEGIN SELECT raise(ABORT, 'no'); END",
  );
  try {
    const response = await app.request("/api/v1/images", { ...sending(await photo(7), "a.jpg"), as: ann });
    expect(response.status).toBe(500);
  } finally {
    app.deps.db.$client.exec("DROP TRIGGER refuse");
  }
  await app.idle();
  expect(filesNow()).toEqual(stored);
});

test("bytes that are in use stay when they were written down to be removed", async () => {
  const image = await send(await photo(8), "kept.jpg");
  const { key } = app.deps.db.$client
    .prepare("SELECT key FROM image_files WHERE image_id = ? AND width = 0")
    .get(image.id) as { key: string };
  const { discardFiles } = await import("../../src/features/removals/removals.ts");
  app.deps.db.transaction(() => discardFiles(app.deps, [{ storage: "disk", key }]));
  await app.idle();
  expect(readFileSync(join(dataFolder.storage(app.dataDir), key)).length).toBe(image.size_bytes);
});

test("pictures take of their owner's space, and none is kept that is more than is left", async () => {
  const { db } = app.deps;
  const hal = await app.join("hal");
  const give = (bytes: number) =>
    db.$client.prepare("UPDATE users SET quota_bytes = ? WHERE email LIKE 'hal@%'").run(bytes);
  const used = async () => /([\d.]+ k?B) used/.exec(await (await get("/images", hal)).text())?.[1];
  give(1_000_000);
  expect(await used()).toBe("0 B");
  const { id } = await send(await photo(101), "first.jpg", hal);
  const kept = db.query.imageFiles.findMany({ where: (file, { eq }) => eq(file.imageId, id) }).sync();
  const keptBytes = kept.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  expect(kept.length).toBeGreaterThan(1);
  expect(await used()).toBe(formatBytes(keptBytes));

  const before = filesNow();
  // Some is left, but less than it takes; and then nothing at all.
  for (const quota of [keptBytes + 10, keptBytes]) {
    give(quota);
    const refused = await app.request("/api/v1/images", {
      ...sending(await photo(102), "second.jpg"),
      as: hal,
    });
    expect(await refused.json()).toMatchObject({
      status: 507,
      code: "quota_exceeded",
      title: expect.stringContaining("more than you have space for"),
    });
    const page = await app.request("/images", { ...sending(await photo(102), "second.jpg"), as: hal });
    expect(await page.text()).toContain("That is more than you have space for");
  }
  await app.idle();
  expect(filesNow()).toEqual(before);
  // What is there already takes nothing.
  expect(await send(await photo(101), "first.jpg", hal)).toMatchObject({ id });
  await app.request(`/api/v1/images/${id}`, { method: "DELETE", as: hal });
  await send(await photo(102), "second.jpg", hal);
});

test("videos are refused where pictures have taken the space", async () => {
  const fay = await app.join("fay");
  await send(await photo(103), "first.jpg", fay);
  app.deps.db.$client.exec("UPDATE users SET quota_bytes = 100 WHERE email LIKE 'fay@%'");
  const video = { method: "POST", body: Buffer.alloc(50), headers: { "content-type": "video/mp4" } };
  const refused = await app.request("/api/v1/videos?filename=a.mp4", { ...video, as: fay });
  expect(await refused.json()).toMatchObject({ code: "quota_exceeded" });
});
