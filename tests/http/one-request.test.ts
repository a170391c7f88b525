import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { bars, makeClip, mp4Clip, x264 } from "../fixtures/media.ts";
import { openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";
import { clipOfSize, metadata, sha256, slowBody, tusRoot } from "../fixtures/uploads.ts";

setDefaultTimeout(60_000);

let shelf: Shelf;
let token: string;
let clip: string;
beforeAll(async () => {
  shelf = openShelf({
    HOMEREEL_UPLOADS_MAX_SIZE: "5MB",
    HOMEREEL_UPLOADS_MAX_DURATION_SECONDS: "60",
  });
  token = await shelf.app.join("ada");
  clip = await mp4Clip();
  await shelf.app.start();
});
afterAll(() => shelf.close());

interface Answer {
  status: number;
  id: string;
  title: string;
  code: string;
  detail: string;
}

async function call(path: string, init: RequestInit = {}): Promise<Answer> {
  const headers = { authorization: `Bearer ${token}`, ...init.headers };
  const response = await fetch(`${shelf.origin}/api/v1${path}`, { ...init, headers });
  return { ...((await response.json()) as Answer), status: response.status };
}

const sendBody = (query: string, body: BodyInit) => call(`/videos?${query}`, { method: "POST", body });

function formOf(fields: Record<string, string | Blob | [Blob, string]>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "string") form.append(name, value);
    else if (Array.isArray(value)) form.append(name, value[0], value[1]);
    else form.append(name, value);
  }
  return form;
}

const leftInWork = () => readdirSync(join(shelf.app.dataDir, "work"));
const countVideos = async () => {
  const list = (await call("/videos?owner=me&limit=200")) as unknown as { items: unknown[] };
  return list.items.length;
};

describe("a video comes in one request", () => {
  test("as the body itself", async () => {
    const bytes = clipOfSize(clip, 2_000_000);
    const sent = await sendBody("filename=my_great-video.mp4&tags=a,b&visibility=private", bytes);
    expect(sent).toMatchObject({
      status: 201,
      title: "my great-video",
      state: "PROCESSING",
      visibility: "private",
    });
    await shelf.app.idle();
    expect(await call(`/videos/${sent.id}`)).toMatchObject({
      state: "READY",
      tags: ["a", "b"],
      sha256: sha256(bytes),
    });
  });

  test("as the body itself, without saying how long it is", async () => {
    const bytes = clipOfSize(clip, 1_000_000);
    const sent = await sendBody("filename=a.mp4&title=Told", slowBody(bytes, 200_000));
    await shelf.app.idle();
    expect(await call(`/videos/${sent.id}`)).toMatchObject({
      state: "READY",
      title: "Told",
      sha256: sha256(bytes),
    });
  });

  test("as a part of a form", async () => {
    const bytes = clipOfSize(clip, 3_000_000);
    const file = new File([bytes], "Ünïcode “name”.mp4");
    const sent = await call("/videos", { method: "POST", body: formOf({ title: "", tags: "x", file }) });
    expect(sent).toMatchObject({ status: 201, title: "Ünïcode “name”", filename: "Ünïcode “name”.mp4" });
    await shelf.app.idle();
    expect(await call(`/videos/${sent.id}`)).toMatchObject({
      state: "READY",
      tags: ["x"],
      sha256: sha256(bytes),
    });
    expect(leftInWork()).toEqual([]);
  });

  test("and is known by its name and size afterwards, to those who may see it", async () => {
    const bytes = clipOfSize(clip, 1_234_567);
    const { id } = await sendBody("filename=known.mp4&visibility=private", bytes);
    await shelf.app.idle();
    const query = "/uploads/known?filename=known.mp4&size_bytes=1234567";
    expect(await call(query)).toMatchObject({ video: { id, title: "known" } });
    expect(await call(query.replace("67", "68"))).toMatchObject({ video: null });
    const mine = token;
    token = await shelf.app.join("stranger");
    expect(await call(query)).toMatchObject({ video: null });
    token = mine;
  });
});

describe("what may not stay is refused with a sentence, and leaves nothing", () => {
  const playlist = (path: string) =>
    `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n${path}\n#EXT-X-ENDLIST\n`;
  const png = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  );
  const files: [string, () => Blob | Promise<Blob>, number, string][] = [
    ["nothing", () => new Blob([]), 422, "not_a_video"],
    ["text", () => new Blob(["I am no video.\n".repeat(1000)]), 422, "not_a_video"],
    ["a playlist of /etc/passwd", () => new Blob([playlist("file:///etc/passwd")]), 422, "not_a_video"],
    [
      "a playlist of another's file",
      () => new Blob([playlist(join(shelf.app.dataDir, "storage/videos"))]),
      422,
      "not_a_video",
    ],
    ["a list for ffmpeg", () => new Blob([`ffconcat version 1.0\nfile ${clip}\n`]), 422, "not_a_video"],
    ["a picture", () => new Blob([png]), 422, "not_a_video"],
    ["half a video", () => new Blob([readFileSync(clip).subarray(0, 300)]), 422, "not_a_video"],
    ["more than may be sent", () => new Blob([new Uint8Array(5_000_001)]), 413, "too_large"],
    ["what takes too long", async () => Bun.file(await long()), 422, "too_long"],
    ["what takes too long and does not say so", async () => Bun.file(await longAndSilent()), 422, "too_long"],
  ];
  const long = () => makeClip("mp4", ...bars({ seconds: 61, fps: 1 }), ...x264);
  /** As browsers record: a WebM that is piped has no duration. */
  const longAndSilent = async () => {
    const path = await makeClip(
      "mkv",
      ...bars({ seconds: 61, fps: 1 }),
      ...x264,
      "-live",
      "1",
      "-f",
      "matroska",
    );
    return path;
  };

  const ways = {
    "as a body": async (blob: Blob) => sendBody("filename=film.mp4", await blob.bytes()),
    "without a length": async (blob: Blob) =>
      sendBody("filename=film.mp4", slowBody(await blob.bytes(), 1_000_000)),
    "in a form": async (blob: Blob) =>
      call("/videos", { method: "POST", body: formOf({ file: [blob, "film.mp4"] }) }),
    "in pieces": inPieces,
  };
  const cases = files.flatMap(([what, make, status, code]) =>
    Object.keys(ways).map((way) => [what, way as keyof typeof ways, make, status, code] as const),
  );

  test.each(cases)("%s, %s", async (_, way, make, status, code) => {
    const before = await countVideos();
    const answer = await ways[way](await make());
    expect(answer).toMatchObject({ status, code });
    expect(answer.title).toMatch(/^[A-Z].*\.$/);
    expect(await countVideos()).toBe(before);
    expect(leftInWork()).toEqual([]);
  });

  test.each(["../film.mp4", "/etc/film.mp4", ""])("a file that is called %p", async (name) => {
    const bytes = readFileSync(clip);
    expect(await sendBody(`filename=${encodeURIComponent(name)}`, bytes)).toMatchObject({
      status: 422,
      code: "invalid_input",
    });
    const form = `--b\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n${bytes.toString("latin1")}\r\n--b--\r\n`;
    const headers = { "content-type": "multipart/form-data; boundary=b" };
    const body = Buffer.from(form, "latin1");
    expect(await call("/videos", { method: "POST", body, headers })).toMatchObject({
      status: 422,
      code: "invalid_input",
    });
    expect(leftInWork()).toEqual([]);
  });

  test("a form that is none, has two files, or breaks off", async () => {
    const headers = { "content-type": "multipart/form-data; boundary=b" };
    const two = new FormData();
    for (const name of ["a.mp4", "b.mp4"]) two.append("file", new File([readFileSync(clip)], name));
    expect(await call("/videos", { method: "POST", body: two })).toMatchObject({ status: 422 });
    for (const body of [
      "nonsense",
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\nhalf',
    ]) {
      expect(await call("/videos", { method: "POST", body, headers })).toMatchObject({
        status: 422,
        code: "invalid_input",
      });
    }
    expect(await call("/videos", { method: "POST", body: formOf({ title: "alone" }) })).toMatchObject({
      status: 422,
    });
    expect(leftInWork()).toEqual([]);
  });
});

/** By tus, in two pieces where it is long enough; what the last request was answered. */
async function inPieces(blob: Blob): Promise<Answer> {
  const bytes = await blob.bytes();
  const own = { "tus-resumable": "1.0.0", authorization: `Bearer ${token}` };
  const created = await fetch(shelf.origin + tusRoot, {
    method: "POST",
    headers: {
      ...own,
      "upload-length": String(bytes.length),
      "upload-metadata": metadata({ filename: "film.mp4" }),
    },
  });
  if (!created.ok) return { ...((await created.json()) as Answer), status: created.status };
  const path = created.headers.get("location") ?? "";
  const half = bytes.length >> 1;
  let last = created;
  for (const [from, to] of [
    [0, half],
    [half, bytes.length],
  ] as const) {
    last = await fetch(shelf.origin + path, {
      method: "PATCH",
      headers: { ...own, "content-type": "application/offset+octet-stream", "upload-offset": String(from) },
      body: bytes.slice(from, to),
    });
  }
  const answer = { ...((await last.json()) as Answer), status: last.status };
  const { error, ...upload } = (await call(path.replace("/api/v1", ""))) as unknown as {
    state: string;
    error: { code: string };
  };
  expect([upload.state, error.code]).toEqual(["refused", answer.code]);
  return answer;
}

interface Shown {
  title: string;
  tags: string[];
  visibility: string;
}

describe("a form without scripts", () => {
  const send = (body: FormData) =>
    fetch(`${shelf.origin}/uploads`, {
      method: "POST",
      body,
      headers: { cookie: `homereel=${token}`, "sec-fetch-site": "same-origin" },
      redirect: "manual",
    });

  test("brings several files, and leads to them", async () => {
    const before = await countVideos();
    const form = formOf({ tags: "evening", visibility: "private" });
    for (const name of ["one.mp4", "two.mp4"])
      form.append("files", new File([clipOfSize(clip, 400_000)], name));
    const response = await send(form);
    expect([response.status, response.headers.get("location")]).toEqual([303, "/mine"]);
    expect(await countVideos()).toBe(before + 2);
    await shelf.app.idle();
    expect(leftInWork()).toEqual([]);
  });

  test("says what was not taken, and takes the others", async () => {
    const before = await countVideos();
    const form = new FormData();
    form.append("files", new File(["text"], "<b>notes.mp4"));
    form.append("files", new File([new Uint8Array(6_000_000)], "large.mp4"));
    form.append("files", new File([clipOfSize(clip, 400_000)], "good.mp4"));
    const response = await send(form);
    const text = await response.text();
    expect(text).toContain("2 files were not taken");
    expect(text).toContain("&lt;b&gt;notes.mp4");
    expect(text).toContain("larger than 5 MB");
    expect(text).not.toContain("good.mp4");
    expect(await countVideos()).toBe(before + 1);
    await shelf.app.idle();
    expect(leftInWork()).toEqual([]);
  });

  test("says for all of them what it says after the last, and how one alone is called", async () => {
    const sent = async (names: string[], before: Record<string, string> = {}) => {
      const form = formOf(before);
      for (const name of names) form.append("file", new File([clipOfSize(clip, 400_000)], name));
      for (const [name, value] of Object.entries({
        title: "By the sea",
        tags: "Boats",
        visibility: "private",
      }))
        form.append(name, value);
      expect((await send(form)).status).toBe(303);
      const { items } = (await call(`/videos?owner=me&limit=${names.length}`)) as unknown as {
        items: Shown[];
      };
      return items.map(({ title, tags, visibility }) => [title, tags, visibility]).toReversed();
    };
    expect(await sent(["one.mp4"])).toEqual([["By the sea", ["boats"], "private"]]);
    expect(await sent(["two.mp4", "three.mp4"])).toEqual([
      ["two", ["boats"], "private"],
      ["three", ["boats"], "private"],
    ]);
    // What was said before a file is of that file.
    expect(await sent(["four.mp4"], { title: "At home", tags: "Cats" })).toEqual([
      ["At home", ["cats"], "private"],
    ]);
    await shelf.app.idle();
    expect(leftInWork()).toEqual([]);
  });

  test("without a file says so", async () => {
    const nothing = new FormData();
    nothing.append("files", new File([], ""));
    const response = await send(nothing);
    expect([response.status, (await response.text()).includes("Choose a file.")]).toEqual([422, true]);
  });
});

describe("everybody has as much space as they are given", () => {
  test("by the configuration, and by an admin for one person", async () => {
    const small = openShelf({ HOMEREEL_UPLOADS_QUOTA: "1MB" });
    const [mine, before] = [token, shelf];
    try {
      shelf = small;
      const admin = await small.app.join("root", "admin");
      token = await small.app.join("ada");
      const first = await sendBody("filename=a.mp4", clipOfSize(clip, 700_000));
      expect(first.status).toBe(201);
      // Being made ready, it counts already.
      const refused = await sendBody("filename=b.mp4", clipOfSize(clip, 400_000));
      expect(refused).toMatchObject({ status: 507, code: "quota_exceeded" });
      expect(await sendBody("filename=b.mp4", slowBody(clipOfSize(clip, 400_000), 100_000))).toMatchObject({
        code: "quota_exceeded",
      });
      const announced = await inPieces(new Blob([clipOfSize(clip, 400_000)]));
      expect(announced).toMatchObject({ status: 507, code: "quota_exceeded" });

      const user = (await call("/auth/verify")) as unknown as { user: { id: string } };
      const grant = (quota: number | null) =>
        call(`/admin/users/${user.user.id}`, {
          method: "PATCH",
          body: JSON.stringify({ quota_bytes: quota }),
          headers: { authorization: `Bearer ${admin}`, "content-type": "application/json" },
        });
      expect(await grant(2_000_000)).toMatchObject({ quota_bytes: 2_000_000 });
      expect(await sendBody("filename=b.mp4", clipOfSize(clip, 400_000))).toMatchObject({ status: 201 });
      expect(await grant(0)).toMatchObject({ quota_bytes: 0 });
      expect(await sendBody("filename=c.mp4", clipOfSize(clip, 4_000_000))).toMatchObject({ status: 201 });
      expect(await grant(null)).toMatchObject({ quota_bytes: null });
      expect(await sendBody("filename=d.mp4", clipOfSize(clip, 100_000))).toMatchObject({ status: 507 });
    } finally {
      [shelf, token] = [before, mine];
      await small.close();
    }
  });

  test("and nobody gives it to themselves", async () => {
    const init = {
      method: "PATCH",
      body: JSON.stringify({ quota: "none" }),
      headers: { "content-type": "application/json" },
    };
    await call("/auth/me", init);
    expect(
      shelf.app.deps.db.$client
        .prepare("SELECT count(*) AS n FROM users WHERE quota_bytes IS NOT NULL")
        .get(),
    ).toEqual({ n: 0 });
  });
});
