import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash, randomInt } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { keys } from "../../src/storage/keys.ts";
import type { S3Options } from "../../src/storage/s3/options.ts";
import { openS3Storage } from "../../src/storage/s3.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { s3Settings } from "../fixtures/minio.ts";
import type { Minio } from "../fixtures/minio.ts";
import { hasOwnS3, startOwnS3 } from "../fixtures/own-s3.ts";
import { openFaultyS3, s3Failure } from "../fixtures/s3-faults.ts";
import type { FaultyS3 } from "../fixtures/s3-faults.ts";
import { newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import { unfinished } from "../fixtures/two-storages.ts";
import { clipOfSize, metadata, sha256, tusRoot } from "../fixtures/uploads.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(120_000);

/** More than lies here in whole before it goes on. */
const sizeBytes = 70_000_000;
const pieceBytes = 8_000_000;
const mib = 1024 * 1024;

describe.skipIf(!hasOwnS3)("a large file on its way through us into the bucket", () => {
  const data = newDataDir();
  let minio: Minio;
  let bucket: S3Options;
  let door: FaultyS3;
  let server: Server;
  let authorization: string;
  let bytes: Buffer<ArrayBuffer>;
  beforeAll(async () => {
    minio = await startOwnS3();
    bucket = await minio.newBucket();
    door = openFaultyS3(minio.endpoint);
    bytes = clipOfSize(await mp4Clip(), sizeBytes);
    await start();
    const { token } = await server.api<{ token: string }>("/api/v1/auth/tokens", {
      method: "POST",
      body: JSON.stringify({ name: "uploads", scopes: ["read", "upload"] }),
    });
    authorization = `Bearer ${token}`;
  });
  afterEach(() => door.setFault(null));
  afterAll(async () => {
    await server.stop();
    await door.close();
    await minio.close();
    data.remove();
  });

  async function start(): Promise<void> {
    server = await startServer({
      dataDir: data.path,
      settings: {
        ...s3Settings({ ...bucket, endpoint: door.endpoint }),
        HOMEREEL_STORAGE_S3_SCRATCH: "100MB",
        HOMEREEL_LIMITS_API_PER_MINUTE: "1000000",
        HOMEREEL_TEST_PATIENCE_MS: "200",
      },
    });
  }

  const tus = (method: string, path: string, headers: Record<string, string> = {}, body?: BodyInit) =>
    fetch(server.origin + path, {
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
    return response.headers.get("location") ?? "";
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
  const stateOf = (path: string) => server.api<UploadState>(path);

  async function expectReady(videoId: string, said: Buffer): Promise<void> {
    const video = await until(async () => {
      const now = await server.api<{ state: string; sha256: string }>(`/api/v1/videos/${videoId}`);
      return now.state === "READY" || now.state === "FAILED" ? now : null;
    }, 60_000);
    expect(video).toMatchObject({ state: "READY", sha256: sha256(said) });
    const stored = await openS3Storage(bucket).read(keys.original(videoId, "mp4"));
    const hash = createHash("sha256");
    for await (const chunk of stored) hash.update(chunk);
    expect(hash.digest("hex")).toBe(sha256(said));
  }

  async function expectStored(videoId: string, said: Buffer): Promise<void> {
    await expectReady(videoId, said);
    await expectNothingLeft();
  }

  /** What is a video's is all that there is, in the bucket and here. */
  async function expectNothingLeft(): Promise<void> {
    await until(async () => {
      for await (const { key } of openS3Storage(bucket).list("arrivals/")) if (key) return null;
      return readdirSync(join(data.path, "work")).length === 0 || null;
    });
    // A job takes them back.
    const asked = door.asked
      .map((one) => /arrivals\/[^/?]+/.exec(one)?.[0])
      .filter((key) => key !== undefined);
    await until(async () => (await unfinished(minio, bucket, [...new Set(asked)])).length === 0 || null);
  }

  const workFolder = (path: string) => join(data.path, "work", path.split("/").at(-1) ?? "");
  const bytesHere = (folder: string) =>
    existsSync(folder)
      ? readdirSync(folder).reduce((sum, name) => {
          return sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0);
        }, 0)
      : 0;

  test("by tus, only some of it is here at any time", async () => {
    const path = await begin();
    let most = 0;
    for (let offset = 0; offset + pieceBytes < sizeBytes; offset += pieceBytes) {
      expect((await sendPiece(path, offset, bytes.subarray(offset, offset + pieceBytes))).status).toBe(204);
      most = Math.max(most, bytesHere(workFolder(path)));
    }
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(17 * mib);
    expect((await sendRest(path)).status).toBe(204);
    const { state, video_id: id } = await stateOf(path);
    expect(state).toBe("done");
    await expectStored(id ?? "", bytes);
  });

  test("in one request, only a part of it is here at any time", async () => {
    let most = 0;
    const watch = setInterval(() => {
      for (const name of readdirSync(join(data.path, "work"))) {
        const folder = join(data.path, "work", name);
        const tails = readdirSync(folder).filter((file) => file.startsWith("tail-"));
        if (tails.length > 0) most = Math.max(most, bytesHere(folder));
      }
    }, 5);
    const answer = await fetch(`${server.origin}/api/v1/videos?filename=film.mp4`, {
      method: "POST",
      headers: { authorization },
      body: bytes,
    });
    clearInterval(watch);
    expect(answer.status).toBe(201);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(20 * mib);
    await expectStored(((await answer.json()) as { id: string }).id, bytes);
  });

  test("three at once are looked at one after the other, where there is room for one", async () => {
    let most = 0;
    const watch = setInterval(() => {
      const folders = readdirSync(join(data.path, "work")).map((name) => join(data.path, "work", name));
      const isCopy = (folder: string) =>
        existsSync(folder) && readdirSync(folder).some((file) => /^(received|original)/.test(file));
      most = Math.max(
        most,
        folders.filter(isCopy).reduce((sum, folder) => sum + bytesHere(folder), 0),
      );
    }, 5);
    const answers = await Promise.all(
      ["a", "b", "c"].map((name) =>
        fetch(`${server.origin}/api/v1/videos?filename=${name}.mp4`, {
          method: "POST",
          headers: { authorization },
          body: bytes,
        }),
      ),
    );
    for (const answer of answers) {
      expect(answer.status).toBe(201);
      await expectReady(((await answer.json()) as { id: string }).id, bytes);
    }
    clearInterval(watch);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(100_000_000);
    await expectNothingLeft();
  });

  test("of one request that is no video nothing stays", async () => {
    const answer = await fetch(`${server.origin}/api/v1/videos?filename=film.mp4`, {
      method: "POST",
      headers: { authorization },
      body: Buffer.alloc(sizeBytes, "no video "),
    });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([422, "not_a_video"]);
    await expectNothingLeft();
  });

  test("by tus, what is no video is refused with the last piece", async () => {
    const text = Buffer.alloc(sizeBytes, "no video ");
    const path = await begin(text);
    const answer = await sendRest(path, text);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([422, "not_a_video"]);
    expect((await stateOf(path)).error?.code).toBe("not_a_video");
    await expectNothingLeft();
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
    await expectNothingLeft();
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
    expect(bytesHere(workFolder(path))).toBeLessThan(17 * mib);
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

  test("what the bucket has forgotten is sent from its begin", async () => {
    const path = await begin();
    await sendPiece(path, 0, bytes.subarray(0, 10_000_000));
    const key = keys.arrival(path.split("/").at(-1) ?? "");
    await openS3Storage(bucket).put(key, new Uint8Array([1]));
    await openS3Storage(bucket).delete(key);
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
      await server.kill();
      await sending;
      await start();
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
    await server.kill();
    await sending;
    await start();
    if ((await offsetOf(path)) < sizeBytes) await sendRest(path);
    const id = await until(async () => (await stateOf(path)).video_id);
    await expectStored(id, bytes);
  });
});
