import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { crc32InBase64 } from "../../src/storage/s3/crc32.ts";
import type { S3Options } from "../../src/storage/s3/options.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { hasMinio, s3Settings, startMinio } from "../fixtures/minio.ts";
import type { Minio } from "../fixtures/minio.ts";
import { adminEmail, newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import { keysFor } from "../fixtures/session-keys.ts";
import { filesByDoctor, keysInBucket, unfinished } from "../fixtures/two-storages.ts";
import { until } from "../fixtures/until.ts";
import { clipOfSize, sha256 } from "../fixtures/uploads.ts";

setDefaultTimeout(120_000);

interface Video {
  id: string;
  title: string;
  state: string;
  sha256: string;
}

interface Upload {
  id: string;
  state: string;
  part_bytes: number;
}

describe.skipIf(!hasMinio)(
  "with the rights that docs/storage.md asks for, and keys from the environment",
  () => {
    const data = newDataDir();
    let minio: Minio;
    let bucket: S3Options;
    let settings: Record<string, string>;
    let server: Server;
    let clip: string;
    beforeAll(async () => {
      minio = await startMinio();
      bucket = await minio.newBucket();
      clip = await mp4Clip();
      settings = {
        ...s3Settings({ ...bucket, accessKeyId: "", secretAccessKey: "" }),
        HOMEREEL_STORAGE_S3_INCOMING_OWNER: adminEmail,
        HOMEREEL_STORAGE_S3_INCOMING_SECONDS: "10",
        HOMEREEL_LIMITS_API_PER_MINUTE: "1000000",
        ...(await keysFor(minio, policyInDocs(bucket.bucket))),
      };
      server = await startServer({ dataDir: data.path, settings });
    });
    afterAll(async () => {
      await server.stop();
      await minio.close();
      data.remove();
    });

    /** The one for Homereel itself; its bucket has this name. */
    function policyInDocs(name: string): string {
      const docs = readFileSync(new URL("../../docs/storage.md", import.meta.url), "utf8");
      const policy = /```json\n(\{\s*"Version"[^`]*)```/.exec(docs)?.[1];
      if (!policy) throw new Error("docs/storage.md has no policy");
      return policy.replaceAll("arn:aws:s3:::homereel", `arn:aws:s3:::${name}`);
    }

    const api = <T>(method: string, path: string, body?: string) =>
      server.api<T>(`/api/v1${path}`, { method, ...(body === undefined ? {} : { body }) });
    const sendTo = (path: string, method: string, body: Uint8Array<ArrayBuffer>) =>
      server.api<Video>(`/api/v1${path}`, { method, body, headers: { "content-type": "video/mp4" } });
    const send = (bytes: Uint8Array<ArrayBuffer>, name: string) =>
      sendTo(`/videos?filename=${name}.mp4`, "POST", bytes);
    const ready = (bytes: Uint8Array) =>
      until(async () => {
        const { items } = await api<{ items: Video[] }>("GET", "/videos");
        return items.find((one) => one.state === "READY" && one.sha256 === sha256(bytes)) ?? null;
      });

    /** Announced, with its first part in the bucket. */
    async function beginDirectly(bytes: Uint8Array<ArrayBuffer>): Promise<Upload> {
      const said = JSON.stringify({ filename: "direct.mp4", size_bytes: bytes.length });
      const upload = await api<Upload>("POST", "/uploads/s3", said);
      const asked = JSON.stringify({ parts: [{ n: 1, crc32: crc32InBase64(bytes) }] });
      const { parts } = await api<{ parts: { url: string; headers: Record<string, string> }[] }>(
        "POST",
        `/uploads/${upload.id}/parts`,
        asked,
      );
      const [link] = parts;
      if (!link) throw new Error("no address");
      expect((await fetch(link.url, { method: "PUT", body: bytes, headers: link.headers })).status).toBe(200);
      return upload;
    }

    test("a file comes in one request, and plays from a presigned address", async () => {
      const bytes = clipOfSize(clip, 1_000_000);
      const { id } = await send(bytes, "small");
      await ready(bytes);
      const { url } = await api<{ url: string }>("GET", `/videos/${id}/stream-url`);
      expect(url).toContain("X-Amz-Security-Token");
      expect(sha256(await (await fetch(url)).bytes())).toBe(sha256(bytes));
    });

    test("a large one goes on in parts, is replaced, and deleted", async () => {
      const [first, second] = [clipOfSize(clip, 68_000_000), clipOfSize(clip, 1_000_000)];
      const { id } = await send(first, "large");
      await ready(first);
      await sendTo(`/videos/${id}/file?filename=other.mp4`, "PUT", second);
      await ready(second);
      await api("DELETE", `/videos/${id}`);
      await until(async () => (await keysInBucket(minio, bucket)).every((key) => !key.includes(id)) || null);
    });

    test("a browser's goes straight there, and given up leaves nothing", async () => {
      const bytes = clipOfSize(clip, 1_000_000);
      const kept = await beginDirectly(bytes);
      await api("POST", `/uploads/${kept.id}/complete`, "{}");
      await ready(bytes);
      const dropped = await beginDirectly(clipOfSize(clip, 1_000_000));
      const key = `arrivals/${dropped.id}`;
      expect(await unfinished(minio, bucket, [key])).toContain(key);
      await api("DELETE", `/uploads/${dropped.id}`);
      await until(async () => (await unfinished(minio, bucket, [key])).length === 0 || null);
    });

    test("what is put into incoming/ is taken, and goes from there", async () => {
      const bytes = clipOfSize(clip, 1_000_000);
      const Key = "incoming/film.mp4";
      await minio.client.send(new PutObjectCommand({ Bucket: bucket.bucket, Key, Body: bytes }));
      await ready(bytes);
      await until(async () => !(await keysInBucket(minio, bucket)).includes(Key) || null);
    });

    test("all of it moves to the disk and back, and nothing is wrong with it", async () => {
      for (const to of ["disk", "s3"]) {
        await api("POST", "/admin/storage/move", JSON.stringify({ to }));
        await until(async () => {
          const now = await api<{ state: string } | null>("GET", "/admin/storage/move");
          return now?.state === "done" || null;
        });
      }
      expect((await filesByDoctor(data.path, settings)).s3).toStartWith("ok: ");
    });
  },
);
