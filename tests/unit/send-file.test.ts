import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readlinkSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Hono } from "hono";
import { isAppError } from "../../src/lib/errors.ts";
import { type BytesToSend, sendFile } from "../../src/web/send-file.ts";

const mebi = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), "send-file-"));
// Longer than what a player gets at once, and than what is read instead of sent by the kernel.
const source = crypto.getRandomValues(new Uint8Array(65_536));
const bytes = Buffer.concat(Array.from({ length: 80 }, (_, i) => source.map((byte) => byte ^ i))).subarray(
  0,
  5 * mebi - 7,
);
const modified = "Sun, 06 Nov 1994 08:49:37 GMT";
interface FileToSend extends BytesToSend {
  path: string;
}

const video: FileToSend = {
  path: join(folder, "video"),
  sizeBytes: bytes.length,
  etag: '"aa11"',
  modifiedAt: Date.parse(modified) + 345,
  mime: "video/mp4",
};
const files: Record<string, FileToSend> = {
  video,
  small: { ...video, path: join(folder, "small"), sizeBytes: 10, mime: "image/jpeg" },
  empty: { ...video, path: join(folder, "empty"), sizeBytes: 0 },
  saved: { ...video, disposition: 'attachment; filename="a.mp4"', cacheControl: "private, no-store" },
  page: { ...video, mime: "text/html", disposition: 'inline; filename="a.html"' },
  drawing: { ...video, mime: "image/svg+xml" },
  gone: { ...video, path: join(folder, "gone") },
  folder: { ...video, path: folder },
  shorter: { ...video, sizeBytes: bytes.length + 1 },
};

// Headers are set as the app does it: on the response that sendFile made, which is never wrapped again.
const app = new Hono();
app.use(async (c, next) => {
  await next();
  c.res.headers.set("referrer-policy", "no-referrer");
});
app.get("/:name", (c) => {
  const file = files[c.req.param("name")] ?? video;
  return sendFile(c.req.raw, file.path, file);
});
app.onError((error, c) => c.text(isAppError(error) ? error.code : "bug", 500));
let server: Bun.Server<undefined>;

beforeAll(() => {
  writeFileSync(video.path, bytes);
  writeFileSync(join(folder, "small"), "0123456789");
  writeFileSync(join(folder, "empty"), "");
  server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: app.fetch });
});
afterAll(async () => {
  await server.stop(true);
  rmSync(folder, { recursive: true });
});

function get(name: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> {
  return fetch(`http://127.0.0.1:${server.port}/${name}`, { method, headers });
}

async function expectBytes(response: Response, start: number, end: number) {
  const body = Buffer.from(await response.arrayBuffer());
  expect(response.headers.get("content-length")).toBe(String(end - start));
  expect(body.equals(bytes.subarray(start, end))).toBe(true);
}

const total = bytes.length;

describe("a GET", () => {
  test("without conditions gets the whole file and what is needed to ask better next time", async () => {
    const response = await get("video");
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "accept-ranges": "bytes",
      "cache-control": "private, no-cache",
      "content-type": "video/mp4",
      etag: '"aa11"',
      "last-modified": modified,
      "referrer-policy": "no-referrer",
      vary: "Sec-Fetch-Dest, Accept",
      "x-content-type-options": "nosniff",
    });
    expect(response.headers.get("content-range")).toBeNull();
    await expectBytes(response, 0, total);
  });

  const parts: [string, number, number][] = [
    ["bytes=0-0", 0, 1],
    ["bytes=0-65535", 0, 65_536],
    ["bytes=100-3000000", 100, 3_000_001],
    ["bytes=0-", 0, total],
    [`bytes=${total - 5}-`, total - 5, total],
    [`bytes=${total - 5}-${total + 5}`, total - 5, total],
    ["bytes=-7", total - 7, total],
    ["bytes=-2000000", total - 2_000_000, total],
    ["bytes=-99999999999", 0, total],
  ];
  test.each(parts)("of %s gets that part", async (range, start, end) => {
    const response = await get("video", { range });
    expect(response.status).toBe(206);
    expect(response.headers.get("content-range")).toBe(`bytes ${start}-${end - 1}/${total}`);
    await expectBytes(response, start, end);
  });

  test.each(["bytes=0-1,5-6", "bytes=9-1", "bytes=x-", "items=0-1"])(
    "of %s gets the whole",
    async (range) => {
      const response = await get("video", { range });
      expect(response.status).toBe(200);
      await expectBytes(response, 0, total);
    },
  );

  test.each([`bytes=${total}-`, "bytes=-0", "bytes=99999999999999999999-"])(
    "of %s gets 416",
    async (range) => {
      const response = await get("video", { range });
      expect(response.status).toBe(416);
      expect(response.headers.get("content-range")).toBe(`bytes */${total}`);
      expect(await response.text()).toBe("");
    },
  );
});

const conditions: [string, Record<string, string>, number][] = [
  ["a known ETag", { "if-none-match": '"aa11"' }, 304],
  ["a known weak ETag", { "if-none-match": 'W/"aa11"' }, 304],
  ["another ETag", { "if-none-match": '"bb"' }, 200],
  ["a fresh copy", { "if-modified-since": modified }, 304],
  ["an ETag that must match and doesn't", { "if-match": '"bb"' }, 412],
  ["an ETag that must match and does", { "if-match": '"aa11"' }, 200],
  ["a date since when it was changed", { "if-unmodified-since": "Sat, 05 Nov 1994 08:49:37 GMT" }, 412],
  ["a known ETag and a range", { "if-none-match": '"aa11"', range: "bytes=0-1" }, 304],
  ["a range of the file it knows", { "if-range": '"aa11"', range: "bytes=0-1" }, 206],
  ["a range of a file that it no longer is", { "if-range": '"bb"', range: "bytes=0-1" }, 200],
  ["an impossible range of another file", { "if-range": '"bb"', range: "bytes=99999999-" }, 200],
  ["a range of the file of that date", { "if-range": modified, range: "bytes=0-1" }, 206],
];
test.each(conditions)("with %s", async (_, headers, status) => {
  const response = await get("video", headers);
  const body = await response.arrayBuffer();
  expect(response.status).toBe(status);
  expect(response.headers.get("etag")).toBe('"aa11"');
  expect(body.byteLength).toBe({ 200: total, 206: 2 }[status] ?? 0);
});

describe("a HEAD", () => {
  test.each(["video", "small", "empty"])("of %s says how long it is", async (name) => {
    const response = await get(name, {}, "HEAD");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe(String(files[name]?.sizeBytes));
    expect(response.headers.get("accept-ranges")).toBe("bytes");
  });
  test("has no ranges (RFC 9110 §14.2), but conditions", async () => {
    const response = await get("video", { range: "bytes=0-1" }, "HEAD");
    expect([response.status, response.headers.get("content-length")]).toEqual([200, String(total)]);
    expect((await get("video", { "if-none-match": '"aa11"' }, "HEAD")).status).toBe(304);
  });
});

describe("a player", () => {
  const player = { "sec-fetch-dest": "video" };
  test("that asks for all the rest gets 2 MiB of it", async () => {
    const response = await get("video", { ...player, range: "bytes=100-" });
    expect(response.headers.get("content-range")).toBe(`bytes 100-${100 + 2 * mebi - 1}/${total}`);
    await expectBytes(response, 100, 100 + 2 * mebi);
  });
  test("gets the end of the file where less is left", async () => {
    await expectBytes(await get("video", { ...player, range: `bytes=${total - 9}-` }), total - 9, total);
  });
  test("gets all of what it named the end of", async () => {
    await expectBytes(await get("video", { ...player, range: "bytes=0-4000000" }), 0, 4_000_001);
  });
  const chromium = {
    accept: "*/*",
    "accept-encoding": "identity",
    "user-agent":
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  };
  test("of Chromium over plain http, which sends no destination, is known all the same", async () => {
    await expectBytes(await get("video", { ...chromium, range: "bytes=100-" }), 100, 100 + 2 * mebi);
    await expectBytes(await get("video", { ...chromium, range: "bytes=100-4000000" }), 100, 4_000_001);
  });
  test.each([
    ["a browser", { ...chromium, "sec-fetch-dest": "document" }],
    ["a browser over plain http", { ...chromium, "if-range": '"aa11"' }],
    ["yt-dlp", { ...chromium, accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" }],
    ["curl", { accept: "*/*", "user-agent": "curl/8.14.1" }],
    ["wget", { accept: "*/*", "accept-encoding": "identity", "user-agent": "Wget/1.25.0" }],
    ["VLC", { accept: "*/*", "accept-language": "en", "user-agent": "VLC/3.0.21 LibVLC/3.0.21" }],
  ])("is told apart from a download by %s that goes on", async (_, headers) => {
    await expectBytes(await get("video", { ...headers, range: "bytes=100-" }), 100, total);
  });
});

describe("the type", () => {
  test("of a page or a drawing is taken from it: it is saved, never shown", async () => {
    for (const name of ["page", "drawing"]) {
      const { headers } = await get(name, { range: "bytes=0-9" });
      expect(headers.get("content-type")).toBe("application/octet-stream");
      expect(headers.get("content-disposition")).toStartWith("attachment");
      expect(headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
    }
  });
  test("of a video stays, and so do the name and the caching that were asked for", async () => {
    const { headers } = await get("saved", { range: "bytes=0-9" });
    expect(headers.get("content-type")).toBe("video/mp4");
    expect(headers.get("content-disposition")).toBe('attachment; filename="a.mp4"');
    expect(headers.get("cache-control")).toBe("private, no-store");
    expect((await get("video")).headers.get("content-disposition")).toBeNull();
  });
});

test("an empty file is served, asked for a range or not", async () => {
  for (const range of ["", "bytes=0-", "bytes=-5"]) {
    const response = await get("empty", range ? { range } : {});
    expect([response.status, response.headers.get("content-length"), await response.text()]).toEqual([
      200,
      "0",
      "",
    ]);
  }
});

test("a file that is gone, or is not what its row says, is not sent in part", async () => {
  expect(await (await get("gone")).text()).toBe("not_found");
  expect(await (await get("folder")).text()).toBe("not_found");
  expect(await (await get("shorter")).text()).toBe("unavailable");
});

test("a file that takes the place of another is sent at once, and a deleted one soon not any more", async () => {
  const path = join(folder, "replaced");
  for (const [i, text] of ["0123456789", "abcdefghij"].entries()) {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
    files.replaced = { ...video, path, sizeBytes: 10, etag: `"${i}"` };
    expect(await (await get("replaced", { range: "bytes=0-4" })).text()).toBe(text.slice(0, 5));
  }
  rmSync(path);
  await until(async () => (await (await get("replaced", { range: "bytes=0-4" })).text()) === "not_found");
  await until(() => !descriptors().some((one) => one.startsWith(path)));
});

test("a file that nobody asks for any more is closed, so that deleting it frees its space", async () => {
  const path = join(folder, "left");
  writeFileSync(path, "0123456789");
  files.left = { ...video, path, sizeBytes: 10 };
  await get("left", { range: "bytes=0-4" });
  expect(descriptors()).toContain(path);
  await until(() => !descriptors().includes(path));
});

test("answers under way at once don't mix", async () => {
  const starts = Array.from({ length: 64 }, (_, i) => i * 70_001);
  const answers = await Promise.all(
    starts.map((start) => get("video", { range: `bytes=${start}-${start + 65_535}` })),
  );
  for (const [i, response] of answers.entries())
    await expectBytes(response, starts[i] ?? 0, (starts[i] ?? 0) + 65_536);
});

test("of more files than are kept open each answer holds its own bytes", async () => {
  const names = Array.from({ length: 300 }, (_, i) => `many-${i}`);
  for (const name of names) {
    const path = join(folder, name);
    writeFileSync(path, name.padEnd(70_000, "."));
    files[name] = { ...video, path, sizeBytes: 70_000, etag: `"${name}"` };
  }
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(names.map((name) => get(name)));
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    expect(texts.map((text) => text.replace(/\.+$/, ""))).toEqual(names);
  }
});

test("every range holds exactly those bytes of the file", async () => {
  const position = fc.nat(total + 1000);
  const length = fc.oneof(fc.nat(1000), fc.integer({ min: 131_000, max: 131_200 }), fc.nat(total));
  await fc.assert(
    fc.asyncProperty(position, length, async (start, count) => {
      const response = await get("video", { range: `bytes=${start}-${start + count}` });
      if (start >= total) return expect(response.status).toBe(416);
      await expectBytes(response, start, Math.min(start + count + 1, total));
    }),
    { numRuns: 150 },
  );
});

test("200 clients that vanish in mid-body leave no descriptor open", async () => {
  const before = descriptors();
  const large = join(folder, "large");
  await Bun.write(large, Buffer.alloc(32 * mebi, 7));
  files.large = { ...video, path: large, sizeBytes: statSync(large).size };
  const clients = await Promise.all(Array.from({ length: 200 }, startReading));
  expect(descriptors()).toContain(large);
  for (const client of clients) client.terminate();
  await until(() => server.pendingRequests === 0 && !descriptors().includes(large));
  await until(() => descriptors().length <= before.length + 2);
  expect((await get("large", { range: "bytes=0-9" })).status).toBe(206);
});

/** Gets the beginning of a long answer. */
async function startReading() {
  const { promise, resolve: gotSome } = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: server.port ?? 0,
    socket: { data: () => gotSome(), error: () => gotSome(), close: () => gotSome() },
  });
  socket.write("GET /large HTTP/1.1\r\nHost: a\r\nRange: bytes=5-\r\n\r\n");
  await promise;
  socket.pause();
  return socket;
}

function descriptors(): string[] {
  const open = "/proc/self/fd";
  return readdirSync(open).flatMap((fd) => {
    try {
      return [readlinkSync(join(open, fd))];
    } catch {
      return []; // the one that listed the folder
    }
  });
}

/** Fails by the test's own timeout. */
async function until(condition: () => boolean | Promise<boolean>) {
  while (!(await condition())) await Bun.sleep(20);
}
