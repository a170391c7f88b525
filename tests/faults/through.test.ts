import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash, randomInt } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { keys } from "../../src/storage/keys.ts";
import { openS3Storage } from "../../src/storage/s3.ts";
import { postByHand } from "../fixtures/by-hand.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { hasOwnS3 } from "../fixtures/own-s3.ts";
import { garbled, s3Failure } from "../fixtures/s3-faults.ts";
import type { FaultyS3 } from "../fixtures/s3-faults.ts";
import { bytesIn, mib, openServerWithBucket } from "../fixtures/server-with-bucket.ts";
import type { ServerWithBucket } from "../fixtures/server-with-bucket.ts";
import { clipOfSize, metadata, tusRoot } from "../fixtures/uploads.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(120_000);

/** Five parts. */
const sizeBytes = 40_000_000;
const pieceBytes = 8_000_000;

describe.skipIf(!hasOwnS3)("a large file on its way through us into the bucket", () => {
  let shelf: ServerWithBucket;
  let door: FaultyS3;
  let authorization: string;
  let bytes: Buffer<ArrayBuffer>;
  beforeAll(async () => {
    shelf = await openServerWithBucket({ HOMEREEL_STORAGE_S3_SCRATCH: "60MB" });
    ({ door, authorization } = shelf);
    bytes = clipOfSize(await mp4Clip(), sizeBytes);
  });
  afterEach(() => door.setFault(null));
  afterAll(() => shelf.close());

  const tus = (method: string, path: string, headers: Record<string, string> = {}, body?: BodyInit) =>
    fetch(shelf.server.origin + path, {
      method,
      headers: { authorization, "tus-resumable": "1.0.0", ...headers },
      ...(body === undefined ? {} : { body }),
    });

  async function begin(said: Buffer = bytes): Promise<string> {
    const response = await tus("POST", tusRoot, {
      "upload-length": String(said.length),
      "upload-metadata": metadata({ filename: "film.mp4" }),
    });
    expect(response.status).toBe(201);
    const path = response.headers.get("location") ?? "";
    // It is not for its sender to cut it: who sees that goes straight to the bucket.
    expect(await stateOf(path)).toMatchObject({ part_bytes: null });
    return path;
  }

  const offsetOf = async (path: string) => Number((await tus("HEAD", path)).headers.get("upload-offset"));

  function sendPiece(path: string, offset: number, body: Buffer, headers: Record<string, string> = {}) {
    const type = { "content-type": "application/offset+octet-stream", "upload-offset": String(offset) };
    return tus("PATCH", path, { ...type, ...headers }, new Uint8Array(body));
  }

  /** Piece after piece from where it is. */
  async function sendRest(path: string, said: Buffer = bytes): Promise<Response> {
    for (;;) {
      const offset = await offsetOf(path);
      const answer = await sendPiece(path, offset, said.subarray(offset, offset + pieceBytes));
      if (!answer.ok || offset + pieceBytes >= said.length) return answer;
    }
  }

  interface UploadState {
    state: string;
    video_id: string | null;
    error: { code: string } | null;
  }
  const stateOf = (path: string) => shelf.server.api<UploadState>(path);

  async function expectStored(videoId: string, said: Buffer): Promise<void> {
    await shelf.expectReady(videoId, said);
    await shelf.expectNothingLeft();
  }

  const workFolder = (path: string) => join(shelf.work, path.split("/").at(-1) ?? "");

  test("by tus, only some of it is here at any time", async () => {
    const path = await begin();
    let most = 0;
    for (let offset = 0; offset + pieceBytes < sizeBytes; offset += pieceBytes) {
      expect((await sendPiece(path, offset, bytes.subarray(offset, offset + pieceBytes))).status).toBe(204);
      most = Math.max(most, bytesIn(workFolder(path)));
    }
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(17 * mib);
    expect((await sendRest(path)).status).toBe(204);
    const { state, video_id: id } = await stateOf(path);
    expect(state).toBe("done");
    await expectStored(id ?? "", bytes);
  });

  test.each([false, true])(
    "in one request, only a part or two of it are here at any time; without a length: %p",
    async (isChunked) => {
      let most = 0;
      const onPiece = () => void (most = Math.max(most, bytesIn(shelf.work)));
      const url = `${shelf.server.origin}/api/v1/videos?filename=film.mp4`;
      const sending = await postByHand(url, bytes, { headers: { authorization }, isChunked, onPiece });
      await sending.sendUpTo();
      const { status, body } = await sending.answer;
      expect(status).toBe(201);
      expect(most).toBeGreaterThan(0);
      expect(most).toBeLessThan(17 * mib);
      await expectStored((JSON.parse(body) as { id: string }).id, bytes);
    },
  );

  test("three at once are looked at one after the other, where there is room for one", async () => {
    let most = 0;
    const watch = setInterval(() => {
      const folders = readdirSync(shelf.work).map((name) => join(shelf.work, name));
      const isCopy = (folder: string) =>
        existsSync(folder) && readdirSync(folder).some((file) => /^(received|original)/.test(file));
      most = Math.max(
        most,
        folders.filter(isCopy).reduce((sum, folder) => sum + bytesIn(folder), 0),
      );
    }, 5);
    const answers = await Promise.all(
      ["a", "b", "c"].map((name) =>
        fetch(`${shelf.server.origin}/api/v1/videos?filename=${name}.mp4`, {
          method: "POST",
          headers: { authorization },
          body: bytes,
        }),
      ),
    );
    for (const answer of answers) {
      expect(answer.status).toBe(201);
      await shelf.expectReady(((await answer.json()) as { id: string }).id, bytes);
    }
    clearInterval(watch);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(60_000_000);
    await shelf.expectNothingLeft();
  });

  test("of one request that is no video nothing stays", async () => {
    const answer = await fetch(`${shelf.server.origin}/api/v1/videos?filename=film.mp4`, {
      method: "POST",
      headers: { authorization },
      body: Buffer.alloc(sizeBytes, "no video "),
    });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([422, "not_a_video"]);
    await shelf.expectNothingLeft();
  });

  test("by tus, what is no video is refused with the last piece", async () => {
    const text = Buffer.alloc(sizeBytes, "no video ");
    const path = await begin(text);
    const answer = await sendRest(path, text);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([422, "not_a_video"]);
    expect((await stateOf(path)).error?.code).toBe("not_a_video");
    await shelf.expectNothingLeft();
  });

  test("a piece that is not what its checksum says does not count", async () => {
    const path = await begin();
    const sha1 = (piece: Buffer) => `sha1 ${createHash("sha1").update(piece).digest("base64")}`;
    const first = bytes.subarray(0, 9_000_000);
    const second = bytes.subarray(9_000_000, 19_000_000);
    expect((await sendPiece(path, 0, first, { "upload-checksum": sha1(first) })).status).toBe(204);
    const wrong = await sendPiece(path, 9_000_000, Buffer.from(second.toReversed()), {
      "upload-checksum": sha1(second),
    });
    expect([wrong.status, await offsetOf(path)]).toEqual([460, 9_000_000]);
    expect((await sendPiece(path, 9_000_000, second, { "upload-checksum": sha1(second) })).status).toBe(204);
    await sendRest(path);
    await expectStored((await stateOf(path)).video_id ?? "", bytes);
  });

  test("what was cancelled leaves nothing", async () => {
    const path = await begin();
    await sendPiece(path, 0, bytes.subarray(0, 20_000_000));
    expect((await tus("DELETE", path)).status).toBe(204);
    await shelf.expectNothingLeft();
  });

  test("while the bucket is away it stays where it is, and goes on after that", async () => {
    const path = await begin();
    await sendPiece(path, 0, bytes.subarray(0, pieceBytes));
    door.setFault(() => s3Failure(503, "SlowDown"));
    for (let n = 0; n < 3; n++) {
      const offset = await offsetOf(path);
      const answer = await sendPiece(path, offset, bytes.subarray(offset, offset + pieceBytes));
      if (n > 0) expect(answer.status).toBe(503);
    }
    expect(bytesIn(workFolder(path))).toBeLessThan(17 * mib);
    door.setFault(null);
    expect((await sendRest(path)).status).toBe(204);
    await expectStored((await stateOf(path)).video_id ?? "", bytes);
  });

  test("begun while the bucket is away it comes to the disk, and waits there", async () => {
    door.setFault(() => s3Failure(500, "InternalError"));
    const path = await begin();
    expect((await sendRest(path)).status).toBe(204);
    const { video_id: id } = await stateOf(path);
    door.setFault(null);
    await expectStored(id ?? "", bytes);
  });

  test("begun where the bucket is full it is refused, and takes no space of anybody's", async () => {
    door.setFault((request, forward) =>
      request.method === "POST" && new URL(request.url).searchParams.has("uploads")
        ? s3Failure(507, "XMinioStorageFull")
        : forward(),
    );
    const response = await tus("POST", tusRoot, {
      "upload-length": String(sizeBytes),
      "upload-metadata": metadata({ filename: "film.mp4" }),
    });
    expect(response.status).toBe(507);
    door.setFault(null);
    await shelf.expectNothingLeft();
  });

  /** Every fetch of an arrival, or the first so many. */
  function garble(most = Infinity): { fetches: number } {
    const seen = { fetches: 0 };
    door.setFault(async (request, forward) => {
      const answer = await forward();
      const { pathname, searchParams } = new URL(request.url);
      const isFetch = request.method === "GET" && pathname.includes("/arrivals/");
      if (!isFetch || searchParams.has("uploadId")) return answer;
      return ++seen.fetches > most ? answer : garbled(answer);
    });
    return seen;
  }
  /** So often one is fetched before it is put off. */
  const triesOfOne = 3;

  test("an arrival that comes garbled is waited for", async () => {
    const path = await begin();
    const seen = garble();
    expect((await sendRest(path)).status).toBe(204);
    await until(() => (seen.fetches > triesOfOne ? true : null), 60_000);
    expect(await stateOf(path)).toMatchObject({ state: "receiving", video_id: null, error: null });
    door.setFault(null);
    const id = await until(async () => (await stateOf(path)).video_id, 60_000);
    await expectStored(id, bytes);
  });

  test("an arrival of one request that comes garbled is fetched again, while its sender waits", async () => {
    const seen = garble(triesOfOne);
    const answer = await fetch(`${shelf.server.origin}/api/v1/videos?filename=film.mp4`, {
      method: "POST",
      headers: { authorization },
      body: bytes,
    });
    expect([answer.status, seen.fetches]).toEqual([201, triesOfOne + 1]);
    await expectStored(((await answer.json()) as { id: string }).id, bytes);
  });

  test("what the bucket has forgotten is sent from its begin", async () => {
    const path = await begin();
    await sendPiece(path, 0, bytes.subarray(0, 10_000_000));
    const key = keys.arrival(path.split("/").at(-1) ?? "");
    await openS3Storage(shelf.bucket).put(key, new Uint8Array([1]));
    await openS3Storage(shelf.bucket).delete(key);
    const answer = await sendPiece(path, 10_000_000, bytes.subarray(10_000_000, 20_000_000));
    expect([answer.status, await offsetOf(path)]).toEqual([409, 0]);
    await sendRest(path);
    await expectStored((await stateOf(path)).video_id ?? "", bytes);
  });

  test("through 12 ends of the server at any byte", async () => {
    const path = await begin();
    for (let n = 0; n < 12; n++) {
      const offset = await offsetOf(path);
      const piece = bytes.subarray(offset, offset + Math.min(pieceBytes, sizeBytes - offset - 1));
      const sending = sendPiece(path, offset, piece).catch(() => null);
      await Bun.sleep(randomInt(60));
      await shelf.server.kill();
      await sending;
      await shelf.start();
    }
    expect((await sendRest(path)).ok).toBe(true);
    const id = await until(async () => (await stateOf(path)).video_id);
    await expectStored(id, bytes);
  });

  test("killed with all of it there, it becomes a video by itself", async () => {
    const path = await begin();
    await sendPiece(path, 0, bytes.subarray(0, sizeBytes - 100));
    const sending = sendPiece(path, sizeBytes - 100, bytes.subarray(sizeBytes - 100)).catch(() => null);
    await Bun.sleep(30);
    await shelf.server.kill();
    await sending;
    await shelf.start();
    if ((await offsetOf(path)) < sizeBytes) await sendRest(path);
    const id = await until(async () => (await stateOf(path)).video_id);
    await expectStored(id, bytes);
  });
});
