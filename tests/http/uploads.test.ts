import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Upload } from "tus-js-client";
import { findUpload } from "../../src/features/uploads/queries.ts";
import { settleUploads, sweepUploadsNow, uploadFoldersInUse } from "../../src/features/uploads/sweep.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";
import { clipOfSize, metadata, sha256, slowBody, tusRoot } from "../fixtures/uploads.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

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

type Headers = Record<string, string>;
const piece = { "content-type": "application/offset+octet-stream" };

/** One request of tus, without a client that would correct it. */
function tus(method: string, path: string, headers: Headers = {}, body?: BodyInit | null) {
  const own = { "tus-resumable": "1.0.0", authorization: `Bearer ${token}` };
  const init = { method, headers: { ...own, ...headers }, body, redirect: "manual" } as const;
  return fetch(new URL(path, shelf.origin), init);
}

async function create(sizeBytes: number, fields: Headers = {}, headers: Headers = {}, body?: BodyInit) {
  const said = {
    "upload-length": String(sizeBytes),
    "upload-metadata": metadata({ filename: "a.mp4", ...fields }),
  };
  const response = await tus("POST", tusRoot, { ...said, ...headers }, body);
  return { response, at: response.headers.get("location") ?? "" };
}

const send = (at: string, offset: number, body: BodyInit, headers: Headers = {}) =>
  tus("PATCH", at, { ...piece, "upload-offset": String(offset), ...headers }, body);

const offsetOf = async (at: string) => Number((await tus("HEAD", at)).headers.get("upload-offset"));
const api = async (path: string, init: RequestInit = {}) => {
  const headers = { authorization: `Bearer ${token}`, ...init.headers };
  const response = await fetch(`${shelf.origin}/api/v1${path}`, { ...init, headers });
  return (await response.json()) as Record<string, unknown>;
};
const workFolder = (at: string) => join(shelf.app.dataDir, "work", at.split("/").at(-1) ?? "");
const received = (at: string) => Bun.file(join(workFolder(at), "received")).bytes();
const noise = (size: number) => crypto.getRandomValues(new Uint8Array(size));

describe("tus-js-client", () => {
  test("brings a file in pieces, and it becomes a video", async () => {
    const bytes = clipOfSize(clip, 3_000_000);
    await new Promise<void>((resolve, reject) => {
      new Upload(bytes, {
        endpoint: shelf.origin + tusRoot,
        chunkSize: 500_000,
        headers: { authorization: `Bearer ${token}` },
        metadata: { filename: "IMG_20240314-holiday.final.mp4", tags: "a,b", modified: "1700000000000" },
        onSuccess: () => resolve(),
        onError: reject,
      }).start();
    });
    await shelf.app.idle();
    const { items } = (await api("/uploads")) as { items: { video_id: string }[] };
    expect(items[0]).toMatchObject({ state: "done", offset_bytes: 3_000_000, error: null });
    expect(await api(`/videos/${items[0]?.video_id}`)).toMatchObject({
      state: "READY",
      title: "2024-03-14 holiday final",
      tags: ["a", "b"],
      filename: "IMG_20240314-holiday.final.mp4",
      size_bytes: 3_000_000,
      sha256: sha256(bytes),
    });
  });

  test("sends the first piece with the creation, and ends what it began", async () => {
    const upload = new Upload(Buffer.from(noise(50_000)), {
      endpoint: shelf.origin + tusRoot,
      uploadDataDuringCreation: true,
      chunkSize: 20_000,
      headers: { authorization: `Bearer ${token}` },
      metadata: { filename: "b.mp4" },
      onChunkComplete: () => void upload.abort(true),
    });
    upload.start();
    while (!upload.url) await Bun.sleep(5);
    while ((await tus("HEAD", upload.url)).status !== 404) await Bun.sleep(5);
    // The row goes first, the bytes right after it.
    const folder = workFolder(upload.url);
    await until(() => (existsSync(folder) ? null : true));
  });
});

describe("what is announced", () => {
  test("by OPTIONS is version, extensions, checksums and the largest file", async () => {
    const { status, headers } = await tus("OPTIONS", tusRoot, { "tus-resumable": "" });
    expect(status).toBe(204);
    expect(headers.get("tus-version")).toBe("1.0.0");
    expect(headers.get("tus-extension")).toBe(
      "creation,creation-with-upload,termination,expiration,checksum",
    );
    expect(headers.get("tus-checksum-algorithm")).toBe("sha256,sha1");
    expect(headers.get("tus-max-size")).toBe("500000000");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });

  test("creation says where the pieces go, and until when", async () => {
    const { response, at } = await create(1000, { title: "Ä title" });
    expect(response.status).toBe(201);
    expect(at).toMatch(/^\/api\/v1\/uploads\/[\w-]{36}$/);
    const days = (Date.parse(response.headers.get("upload-expires") ?? "") - Date.now()) / 86_400_000;
    expect(days).toBeCloseTo(3, 1);
    const head = await tus("HEAD", at);
    expect(head.status).toBe(200);
    expect(head.headers.get("upload-offset")).toBe("0");
    expect(head.headers.get("upload-length")).toBe("1000");
    expect(head.headers.get("upload-metadata")).toBe(metadata({ filename: "a.mp4", title: "Ä title" }));
    expect(head.headers.get("cache-control")).toBe("no-store");
    expect(head.headers.get("tus-resumable")).toBe("1.0.0");
  });

  test("creation with the first bytes", async () => {
    const bytes = noise(600);
    const { response, at } = await create(1000, {}, piece, bytes);
    expect([response.status, response.headers.get("upload-offset")]).toEqual([201, "600"]);
    expect(await offsetOf(at)).toBe(600);
    expect(Buffer.from(await received(at)).equals(bytes)).toBe(true);
  });

  test("a piece puts off the end", async () => {
    const { at } = await create(1000);
    const { db } = shelf.app.deps;
    const id = at.split("/").at(-1) ?? "";
    db.$client.prepare("UPDATE uploads SET expires_at = ? WHERE id = ?").run(Date.now() + 60_000, id);
    const response = await send(at, 0, noise(10));
    expect(response.status).toBe(204);
    expect(Date.parse(response.headers.get("upload-expires") ?? "")).toBeGreaterThan(Date.now() + 86_400_000);
    db.$client.prepare("UPDATE uploads SET expires_at = ? WHERE id = ?").run(Date.now() - 60_000, id);
    expect((await send(at, 10, noise(10))).status).toBe(410);
    expect((await tus("HEAD", at)).status).toBe(410);
  });

  test("termination leaves nothing behind", async () => {
    const { at } = await create(1000, {}, piece, noise(10));
    expect(existsSync(workFolder(at))).toBe(true);
    expect((await tus("DELETE", at)).status).toBe(204);
    expect(existsSync(workFolder(at))).toBe(false);
    expect((await tus("HEAD", at)).status).toBe(404);
    expect((await tus("DELETE", at)).status).toBe(404);
  });

  test.each(["sha1", "sha256"])("a checksum by %s", async (algorithm) => {
    const bytes = noise(100_000);
    const good = createHash(algorithm).update(bytes).digest("base64");
    const { at } = await create(300_000);
    expect((await send(at, 0, bytes, { "upload-checksum": `${algorithm} ${good}` })).status).toBe(204);
    const wrong = await send(at, 100_000, noise(100_000), { "upload-checksum": `${algorithm} ${good}` });
    expect([wrong.status, await wrong.json()]).toMatchObject([460, { code: "checksum_mismatch" }]);
    expect(await offsetOf(at)).toBe(100_000);
    expect((await send(at, 100_000, bytes, { "upload-checksum": `${algorithm} ${good}` })).status).toBe(204);
    expect(Buffer.from(await received(at)).equals(Buffer.concat([bytes, bytes]))).toBe(true);
  });

  test("a checksum that nobody knows is refused before a byte is kept", async () => {
    const { at } = await create(1000);
    expect((await send(at, 0, noise(10), { "upload-checksum": "md5 2jmj7l5rSw0yVb/vlWAYkA==" })).status).toBe(
      400,
    );
    expect(await offsetOf(at)).toBe(0);
  });

  test("bytes with a checksum that break off are not kept", async () => {
    const { at } = await create(1_000_000);
    const gone = new AbortController();
    const body = slowBody(100_000, 1000, () => gone.abort());
    const header = { "upload-checksum": "sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=" };
    const headers = { ...piece, "upload-offset": "0", ...header };
    const own = { "tus-resumable": "1.0.0", authorization: `Bearer ${token}` };
    await fetch(shelf.origin + at, {
      method: "PATCH",
      headers: { ...own, ...headers },
      body,
      signal: gone.signal,
    }).catch(() => {});
    expect(await offsetOf(at)).toBe(0);
    expect((await send(at, 0, noise(10))).status).toBe(204);
  });

  test("bytes that a killed server had no time to check are not kept", async () => {
    const { at } = await create(1000, {}, piece, noise(100));
    writeFileSync(join(workFolder(at), "unchecked-from"), "40");
    expect(await offsetOf(at)).toBe(40);
    expect(readdirSync(workFolder(at))).toEqual(["received"]);
    expect((await send(at, 40, noise(10))).status).toBe(204);
  });

  test("the method may stand in a header, of a POST alone", async () => {
    const { at } = await create(1000);
    const headers = { ...piece, "upload-offset": "0", "x-http-method-override": "PATCH" };
    expect((await tus("POST", at, headers, noise(10))).status).toBe(204);
    expect(await offsetOf(at)).toBe(10);
    expect((await tus("POST", at)).status).toBe(404);
    expect((await tus("GET", at, { "x-http-method-override": "DELETE" })).status).toBe(200);
    expect((await tus("POST", at, { "x-http-method-override": "DELETE" })).status).toBe(204);
    expect((await tus("HEAD", at)).status).toBe(404);
  });
});

describe("what is wrong is refused, and changes nothing", () => {
  test("another version", async () => {
    const { at } = await create(1000);
    for (const version of ["", "0.2.2", "2.0.0"]) {
      for (const [method, path] of [
        ["POST", tusRoot],
        ["HEAD", at],
        ["PATCH", at],
        ["DELETE", at],
      ] as const) {
        const response = await tus(method, path, {
          ...piece,
          "tus-resumable": version,
          "upload-offset": "0",
        });
        expect([method, version, response.status]).toEqual([method, version, 412]);
      }
    }
    expect((await tus("PATCH", at, { "tus-resumable": "9" })).headers.get("tus-version")).toBe("1.0.0");
  });

  test("another offset, none, or one that is no number", async () => {
    const { at } = await create(1000, {}, piece, noise(100));
    for (const offset of ["0", "99", "101", "1000", "1001"]) {
      const response = await send(at, Number(offset), noise(10));
      expect([offset, response.status, (await response.json()).code]).toEqual([offset, 409, "conflict"]);
    }
    for (const offset of ["-1", "x", "1e2", "1.5"]) {
      expect([
        offset,
        (await tus("PATCH", at, { ...piece, "upload-offset": offset }, noise(10))).status,
      ]).toEqual([offset, 400]);
    }
    expect((await tus("PATCH", at, piece, noise(10))).status).toBe(403);
    expect(await offsetOf(at)).toBe(100);
  });

  test("another type", async () => {
    const { at } = await create(1000);
    for (const type of ["application/json", "video/mp4"]) {
      const response = await tus("PATCH", at, { "content-type": type, "upload-offset": "0" }, noise(10));
      expect([type, response.status]).toEqual([type, 415]);
    }
    expect(await offsetOf(at)).toBe(0);
  });

  test("more than was announced, by its length or as it comes", async () => {
    const { at } = await create(1000, {}, piece, noise(900));
    const response = await send(at, 900, noise(101));
    expect([response.status, (await response.json()).code]).toEqual([413, "too_large"]);
    expect(await offsetOf(at)).toBe(900);
    // Without a length, one has to look.
    expect((await send(at, 900, slowBody(101, 20))).status).toBe(413);
    expect(statSync(join(workFolder(at), "received")).size).toBeLessThanOrEqual(1000);
    expect((await create(1000, {}, piece, noise(1001))).response.status).toBe(413);
  });

  test("lengths that are none, and those that are said later", async () => {
    for (const length of ["-1", "x", "1.5", "99999999999999999999"]) {
      const { response } = await create(0, {}, { "upload-length": length });
      expect([length, response.status >= 400 && response.status < 500]).toEqual([length, true]);
    }
    const headers = { "upload-defer-length": "1", "upload-metadata": metadata({ filename: "a.mp4" }) };
    expect((await tus("POST", tusRoot, headers)).status).toBe(501);
  });

  test("what is said of the file", async () => {
    const bad: [Headers, string][] = [
      [{ filename: "" }, "filename"],
      [{ filename: "../../etc/passwd.mp4" }, "filename"],
      [{ visibility: "everybody" }, "visibility"],
    ];
    for (const [fields, field] of bad) {
      const { response } = await create(1000, fields);
      expect([fields, response.status, await response.json()]).toMatchObject([
        fields,
        422,
        { code: "invalid_input", field },
      ]);
    }
    expect(
      (await tus("POST", tusRoot, { "upload-length": "10", "upload-metadata": "filename ???" })).status,
    ).toBe(400);
    expect((await tus("POST", tusRoot, { "upload-length": "10" })).status).toBe(422);
  });
});

describe("two at once", () => {
  test("the one that comes later goes on, and the file is never mixed", async () => {
    const bytes = noise(200_000);
    const { at } = await create(200_000);
    const first = send(at, 0, slowBody(bytes, 1000));
    while ((await api(at.replace("/api/v1", ""))).offset_bytes === 0) await Bun.sleep(5);
    const offset = await offsetOf(at);
    expect(offset).toBeGreaterThan(0);
    const answer = await first;
    expect([answer.status, (await answer.json()).code]).toEqual([409, "conflict"]);
    expect((await send(at, offset, bytes.subarray(offset, 150_000))).status).toBe(204);
    expect(Buffer.from(await received(at)).equals(bytes.subarray(0, 150_000))).toBe(true);
  });

  test("of many, one has its piece kept", async () => {
    const { at } = await create(1_000_000);
    const pieces = Array.from({ length: 8 }, (_, n) => Buffer.alloc(100_000, n));
    const answers = await Promise.all(pieces.map((bytes) => send(at, 0, bytes)));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.every(({ status }) => status === 204 || status === 409)).toBe(true);
    const kept = Buffer.from(await received(at));
    expect(kept.length).toBe(await offsetOf(at));
    expect(new Set(kept).size).toBe(1);
  });
});

test("what is another's is not there", async () => {
  const { at } = await create(1000, {}, piece, noise(10));
  const mine = token;
  for (const role of ["user", "admin"] as const) {
    token = await shelf.app.join(`other-${role}`, role);
    for (const method of ["HEAD", "GET", "PATCH", "DELETE"]) {
      const response = await tus(
        method,
        at,
        { ...piece, "upload-offset": "10" },
        method === "PATCH" ? noise(5) : null,
      );
      expect([role, method, response.status]).toEqual([role, method, 404]);
    }
    expect(await api("/uploads")).toEqual({ items: [], next_cursor: null });
  }
  token = mine;
  expect(await offsetOf(at)).toBe(10);
});

test("pieces are not counted as calls", async () => {
  const busy = openShelf({ HOMEREEL_LIMITS_API_PER_MINUTE: "20" });
  const mine = token;
  const before = shelf;
  try {
    shelf = busy;
    token = await busy.app.join("eve");
    const { at } = await create(1000);
    for (let offset = 0; offset < 60; offset++) {
      expect((await send(at, offset, noise(1))).status).toBe(204);
    }
  } finally {
    [shelf, token] = [before, mine];
    await busy.close();
  }
});

test("nothing is left of what was refused or has waited too long", async () => {
  const { at } = await create(1000, {}, piece, noise(10));
  const { db, now, config, queue } = shelf.app.deps;
  db.$client.exec(`UPDATE uploads SET expires_at = ${Date.now() - 1}`);
  await sweepUploadsNow({ db, now, config, queue }).catch(() => {});
  expect(await api("/uploads")).toEqual({ items: [], next_cursor: null });
  expect(existsSync(workFolder(at))).toBe(false);
  expect(readdirSync(join(shelf.app.dataDir, "work"))).toEqual([]);
});

test("what comes in one request waits for no piece: it stays as long as that, and goes with the next start", async () => {
  const { at } = await create(1000, {}, piece, noise(10));
  const { deps } = shelf.app;
  const id = at.split("/").at(-1) ?? "";
  deps.db.$client
    .prepare("UPDATE uploads SET way = 'once', expires_at = ? WHERE id = ?")
    .run(deps.now() - 1, id);
  await sweepUploadsNow(deps).catch(() => {});
  expect(findUpload(deps.db, id)?.state).toBe("receiving");
  expect(existsSync(workFolder(at))).toBe(true);
  expect(uploadFoldersInUse(deps)).not.toContain(id);
  settleUploads(deps);
  expect(findUpload(deps.db, id)).toBeNull();
});
