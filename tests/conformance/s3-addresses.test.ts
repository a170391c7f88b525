import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildConfig } from "../../src/config.ts";
import { isAppError } from "../../src/lib/errors.ts";
import { allS3Options } from "../../src/storage/s3/configured.ts";
import { bucketOrigin } from "../../src/storage/s3/options.ts";
import type { S3Options } from "../../src/storage/s3/options.ts";
import { openS3Storage } from "../../src/storage/s3.ts";
import { makeCertificate } from "../fixtures/certificate.ts";
import { hasMinio, s3Settings, startMinio } from "../fixtures/minio.ts";
import type { Minio } from "../fixtures/minio.ts";
import { bytesOf, failure, keysOf, noise } from "./storage.ts";

setDefaultTimeout(60_000);

describe.skipIf(!hasMinio)("a server with TLS, and a host for each bucket", () => {
  const folder = mkdtempSync(join(tmpdir(), "s3-addresses-"));
  const authority = join(folder, "cert.pem");
  let minio: Minio;
  let bucket: S3Options;
  beforeAll(async () => {
    const hosts = ["localhost", "bucket-0.localhost"].map((host) => `DNS:${host}`);
    const [key, cert] = await makeCertificate(folder, hosts);
    minio = await startMinio({ tls: { key, cert }, domain: "localhost" });
    bucket = await minio.newBucket();
  });
  afterAll(async () => {
    await minio.close();
    rmSync(folder, { recursive: true });
  });

  const configured = (settings: Record<string, string>) =>
    allS3Options(buildConfig({}, { ...s3Settings(bucket), HOMEREEL_DATA_DIR: folder, ...settings }));

  test.each([
    ["in the path", "true"],
    ["in the host", "false"],
  ])("keeps files, with the bucket's name %s", async (_, pathStyle) => {
    const options = configured({
      HOMEREEL_STORAGE_S3_CA_FILE: authority,
      HOMEREEL_STORAGE_S3_PATH_STYLE: pathStyle,
    });
    const storage = openS3Storage({ ...options, partBytes: 5 * 1024 * 1024 });
    const large = noise(6_000_000);
    const local = join(folder, "local");
    writeFileSync(local, large);
    await storage.putFile("a/file", local);
    await storage.put("a/bytes", noise(10));
    expect((await bytesOf(storage, "a/file")).equals(large)).toBe(true);
    expect(await keysOf(storage, "a/")).toEqual(["a/bytes", "a/file"]);
    const delivery = storage.delivery("a/file");
    const url = delivery.way === "link" ? await delivery.sign({ expiresSeconds: 60, mime: "video/mp4" }) : "";
    expect(new URL(url).origin).toBe(bucketOrigin(options));
    expect(new URL(url).hostname).toBe(pathStyle === "true" ? "localhost" : "bucket-0.localhost");
    const tls = { ca: await Bun.file(authority).text() };
    const part = await fetch(url, { headers: { range: "bytes=5-9" }, tls });
    expect([part.status, await part.bytes()]).toEqual([206, new Uint8Array(large.subarray(5, 10))]);
    for (const key of ["a/bytes", "a/file"]) await storage.delete(key);
    expect(await keysOf(storage, "")).toEqual([]);
  });

  test("is not believed without its authority", async () => {
    const error = await failure(openS3Storage(configured({})).put("x", noise(10)));
    expect(isAppError(error) && [error.code, error.hint]).toEqual([
      "storage_unreachable",
      "Check that the S3 server runs and can be reached.",
    ]);
  });

  test("is not asked at all where the authority's file can't be read", () => {
    expect(() => configured({ HOMEREEL_STORAGE_S3_CA_FILE: join(folder, "no-such.pem") })).toThrow("ca_file");
  });
});
