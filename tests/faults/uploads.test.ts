import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { Upload } from "tus-js-client";
import type { PreviousUpload, UrlStorage } from "tus-js-client";
import { freePort } from "../../scripts/checks/http.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import { clipOfSize, metadata, sha256, tusRoot } from "../fixtures/uploads.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(120_000);

const data = newDataDir();
let server: Server;
let clip: string;
let authorization: string;
beforeAll(async () => {
  clip = await mp4Clip();
  server = await startServer({ dataDir: data.path, settings });
  authorization = await logIn();
});
afterAll(async () => {
  await server.stop();
  data.remove();
});

const settings = {
  HOMEREEL_LIMITS_API_PER_MINUTE: "1000000",
  HOMEREEL_TEST_PACE_MS: "2000",
  // Whoever goes on by itself comes back to the same address.
  HOMEREEL_SERVER_PORT: String(freePort()),
};

async function logIn(): Promise<string> {
  const { token } = await server.api<{ token: string }>("/api/v1/auth/tokens", {
    method: "POST",
    body: JSON.stringify({ name: "uploads", scopes: ["read", "upload"] }),
  });
  return `Bearer ${token}`;
}

interface UploadState {
  state: string;
  video_id: string | null;
  offset_bytes: number;
}
const stateOf = (path: string) => server.api<UploadState>(path);

async function begin(sizeBytes: number): Promise<string> {
  const response = await fetch(server.origin + tusRoot, {
    method: "POST",
    headers: {
      authorization,
      "tus-resumable": "1.0.0",
      "upload-length": String(sizeBytes),
      "upload-metadata": metadata({ filename: "clip.mp4" }),
    },
  });
  expect(response.status).toBe(201);
  return response.headers.get("location") ?? "";
}

async function offsetOf(path: string): Promise<number> {
  const headers = { authorization, "tus-resumable": "1.0.0" };
  const response = await fetch(server.origin + path, { method: "HEAD", headers });
  return Number(response.headers.get("upload-offset"));
}

/** Says that all of the rest comes, sends some bytes of it, does something at that moment, and is gone. */
async function sendAndVanish(
  path: string,
  bytes: Buffer,
  offset: number,
  bytesSent: number,
  atTheEnd: () => Promise<void> | void = () => {},
): Promise<void> {
  const socket = await beginPiece(path, offset, bytes.length - offset);
  const end = offset + bytesSent;
  for (let at = offset; at < end && !socket.destroyed; at += 16_384) {
    await new Promise((resolve) => socket.write(bytes.subarray(at, Math.min(end, at + 16_384)), resolve));
  }
  await atTheEnd();
  socket.destroy();
}

/** A connection on which the head of a piece was sent; what is wrong with it, nobody hears. */
async function beginPiece(path: string, offset: number, length: number): Promise<Socket> {
  const { hostname, port } = new URL(server.origin);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  const lines = [
    `PATCH ${path} HTTP/1.1`,
    `host: ${hostname}:${port}`,
    `authorization: ${authorization}`,
    "tus-resumable: 1.0.0",
    "content-type: application/offset+octet-stream",
    `upload-offset: ${offset}`,
    `content-length: ${length}`,
  ];
  await new Promise((resolve) => socket.write(`${lines.join("\r\n")}\r\n\r\n`, resolve));
  return socket;
}

async function expectSameFile(path: string, bytes: Buffer): Promise<void> {
  const { video_id: id } = await until(async () => {
    const now = await stateOf(path);
    return now.state === "done" ? now : null;
  });
  const video = await until(async () => {
    const now = await server.api<{ state: string; sha256: string }>(`/api/v1/videos/${id}`);
    return now.state === "READY" || now.state === "FAILED" ? now : null;
  }, 60_000);
  expect(video).toMatchObject({ state: "READY", sha256: sha256(bytes) });
  const stored = readFileSync(join(data.path, "storage/videos", String(id), "original.mp4"));
  expect(stored.equals(bytes)).toBe(true);
}

describe("whatever happens on the way, what is stored is what was sent", () => {
  test("through 200 connections that break off at any byte", async () => {
    for (let file = 0; file < 4; file++) {
      const bytes = clipOfSize(clip, 400_000);
      const path = await begin(bytes.length);
      for (let n = 0; n < 50; n++) {
        const offset = await offsetOf(path);
        if (offset === bytes.length) break;
        const [left, share] = [bytes.length - offset, Math.ceil((bytes.length - offset) / 8)];
        await sendAndVanish(path, bytes, offset, randomInt(Math.min(share, left) + 1));
      }
      await finish(path, bytes);
      await expectSameFile(path, bytes);
    }
  });

  test("through 50 ends of the server at any byte", async () => {
    const bytes = clipOfSize(clip, 6_000_000);
    const path = await begin(bytes.length);
    for (let n = 0; n < 50; n++) {
      const offset = await offsetOf(path);
      const most = Math.min(400_000, bytes.length - offset);
      await sendAndVanish(path, bytes, offset, randomInt(most), async () => {
        await Bun.sleep(randomInt(40));
        await server.kill();
      });
      server = await startServer({ dataDir: data.path, settings });
    }
    expect(await offsetOf(path)).toBeGreaterThan(0);
    await finish(path, bytes);
    await expectSameFile(path, bytes);
  });

  test("by tus-js-client, which goes on by itself while the server ends and comes back", async () => {
    const bytes = clipOfSize(clip, 5_000_000);
    const kept = new Map<string, PreviousUpload>();
    let pieces = 0;
    const done = new Promise<string>((resolve, reject) => {
      const upload = new Upload(bytes, {
        endpoint: server.origin + tusRoot,
        chunkSize: 500_000,
        retryDelays: [50, 100, 200, 400, 800, 1600],
        headers: { authorization },
        metadata: { filename: "clip.mp4" },
        urlStorage: memory(kept),
        onChunkComplete: () => void pieces++,
        onSuccess: () => resolve(new URL(upload.url ?? "").pathname),
        onError: reject,
      });
      upload.start();
    });
    await until(() => (pieces >= 3 ? true : null));
    await server.kill();
    server = await startServer({ dataDir: data.path, settings });
    const path = await done;
    await expectSameFile(path, bytes);
  });

  test("ended between the last byte and the word that it is a video", async () => {
    const bytes = clipOfSize(clip, 300_000);
    const path = await begin(bytes.length);
    await server.kill();
    server = await startServer({
      dataDir: data.path,
      settings: { ...settings, HOMEREEL_TEST_FAILPOINT: "upload-admitted" },
    });
    await finish(path, bytes);
    await server.exited;
    server = await startServer({ dataDir: data.path, settings });
    await expectSameFile(path, bytes);
    const { items } = await server.api<{ items: { state: string }[] }>("/api/v1/uploads");
    expect(items.every(({ state }) => state === "done")).toBe(true);
    await until(() => (readdirSync(join(data.path, "work")).length === 0 ? true : null));
  });
});

test("what comes at one kilobyte a second is cut, and can be resumed", async () => {
  const bytes = clipOfSize(clip, 200_000);
  const path = await begin(bytes.length);
  const socket = await beginPiece(path, 0, bytes.length);
  let answer = "";
  socket.on("data", (text) => void (answer += text.toString()));
  for (let at = 0; !socket.destroyed && at < 20_000; at += 100) {
    socket.write(bytes.subarray(at, at + 100));
    await Bun.sleep(100);
  }
  expect(answer).toContain("HTTP/1.1 504");
  expect(answer).toContain("took_too_long");
  const offset = await offsetOf(path);
  expect(offset).toBeGreaterThan(0);
  expect(offset).toBeLessThan(20_000);
  await finish(path, bytes);
  await expectSameFile(path, bytes);
});

/** Sends all of the rest in one piece; once more, where a piece of before arrived only now, or it was cut. */
async function finish(path: string, bytes: Buffer<ArrayBuffer>): Promise<void> {
  for (let tries = 0; tries < 5; tries++) {
    const offset = await offsetOf(path);
    if (offset === bytes.length) return;
    const response = await fetch(server.origin + path, {
      method: "PATCH",
      headers: {
        authorization,
        "tus-resumable": "1.0.0",
        "content-type": "application/offset+octet-stream",
        "upload-offset": String(offset),
      },
      body: bytes.subarray(offset),
    }).catch(() => null);
    // The server may be one that ends at the last byte.
    if (response === null || response.ok) return;
  }
}

function memory(kept: Map<string, PreviousUpload>): UrlStorage {
  return {
    findAllUploads: async () => [...kept.values()],
    findUploadsByFingerprint: async () => [...kept.values()],
    async removeUpload(key) {
      kept.delete(key);
    },
    async addUpload(fingerprint, upload) {
      kept.set(fingerprint, upload);
      return fingerprint;
    },
  };
}
