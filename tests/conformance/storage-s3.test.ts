import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { isAppError } from "../../src/lib/errors.ts";
import { keys } from "../../src/storage/keys.ts";
import { bucketOrigin } from "../../src/storage/s3/options.ts";
import type { S3Options } from "../../src/storage/s3/options.ts";
import { openS3Storage } from "../../src/storage/s3.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { namedEndpoint, openNamedS3 } from "../fixtures/any-s3.ts";
import type { AnyS3 } from "../fixtures/any-s3.ts";
import { hasOwnS3, ownS3, startOwnS3 } from "../fixtures/own-s3.ts";
import { garbled, openFaultyS3, s3Failure, withHeaders } from "../fixtures/s3-faults.ts";
import type { Fault, FaultyS3 } from "../fixtures/s3-faults.ts";
import { until } from "../fixtures/until.ts";
import { bytesOf, codeOf, failure, inPieces, keysOf, noise, testStorage } from "./storage.ts";

const mib = 1024 * 1024;
const large = noise(12_000_000);
const otherBytes = new Uint8Array(noise(1001).subarray(1));

const where = namedEndpoint ?? `${ownS3}'s own server`;
// 5 GiB take a minute, and are for `npm run test:s3`.
const isLong = process.env.HOMEREEL_TEST_LARGE !== undefined;
const longBytes = isLong ? 5 * 1024 * mib : 512 * mib;
// oxlint-disable-next-line no-console
if (!isLong) console.warn("NOT TESTED: 5 GiB through a bucket, only 512 MiB. `npm run test:s3` tests it.");

describe.skipIf(!hasOwnS3 && namedEndpoint === null)(`with ${where}`, () => {
  let server: AnyS3;
  let faulty: FaultyS3;
  let options: S3Options;
  /** Straight to the server. */
  let storage: Storage;
  /** To the same bucket, by the door at which things go wrong. */
  let troubled: Storage;
  const folder = mkdtempSync(join(tmpdir(), "storage-s3-"));
  beforeAll(async () => {
    server = namedEndpoint === null ? await startOwnS3() : openNamedS3(namedEndpoint);
    options = { ...(await server.newBucket()), partBytes: 5 * mib };
    faulty = openFaultyS3(options.endpoint);
    storage = openS3Storage(options);
    troubled = openS3Storage({ ...options, endpoint: faulty.endpoint });
  }, 60_000);
  afterEach(() => faulty.setFault(null));
  afterAll(async () => {
    await faulty.close();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  let suiteBucket = "";
  testStorage(
    "S3 storage",
    async () => {
      const suiteOptions = await server.newBucket();
      suiteBucket = suiteOptions.bucket;
      return openS3Storage({ ...suiteOptions, partBytes: 5 * mib });
    },
    // Some ten answers of the server.
    { listLength: 10_000, fill: putEmpty },
  );
  testStorage(
    "S3 storage that browsers don't reach",
    async () => openS3Storage({ ...(await server.newBucket()), partBytes: 5 * mib, proxy: true }),
    { listLength: 1 },
  );

  /** Our own `put` looks before and after. */
  async function putEmpty(keys: string[]) {
    const left = keys.values();
    const putSome = async () => {
      for (const Key of left) {
        await server.client.send(new PutObjectCommand({ Bucket: suiteBucket, Key, Body: new Uint8Array() }));
      }
    };
    await Promise.all(Array.from({ length: 32 }, putSome));
  }

  const localFile = (bytes: Uint8Array) => {
    const path = join(folder, "local");
    writeFileSync(path, bytes);
    return path;
  };
  const unfinished = async (key: string) => {
    const ask = { Bucket: options.bucket, Prefix: key };
    const { Uploads } = await server.client.send(new ListMultipartUploadsCommand(ask));
    return (Uploads ?? []).length;
  };

  const forgetful = async (request: Request, forward: () => Promise<Response>) =>
    request.method === "HEAD" ? withHeaders(await forward(), { "x-amz-checksum-crc32": null }) : forward();

  describe("a large file", () => {
    test("goes up in parts, and none is left over", async () => {
      await storage.putFile("large", localFile(large));
      const { ETag } = await server.client.send(
        new HeadObjectCommand({ Bucket: options.bucket, Key: "large" }),
      );
      expect(ETag).toEndWith('-3"');
      expect(await unfinished("large")).toBe(0);
    });

    test("leaves no part where its upload fails", async () => {
      faulty.setFault((request, forward) =>
        request.url.includes("partNumber=3") ? s3Failure(500, "InternalError") : forward(),
      );
      const path = localFile(large);
      expect(await codeOf(troubled.putFile("failed", path))).toBe("storage_unreachable");
      expect(existsSync(path)).toBe(true);
      expect(await storage.find("failed")).toBeNull();
      expect(await unfinished("failed")).toBe(0);
    });

    test("clears away what a life before this one left half-sent", async () => {
      const target = { Bucket: options.bucket, Key: "again" };
      const { UploadId } = await server.client.send(new CreateMultipartUploadCommand(target));
      await server.client.send(
        new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: large.subarray(0, 5 * mib) }),
      );
      expect(await unfinished("again")).toBe(1);
      await storage.putFile("again", localFile(large));
      expect(await unfinished("again")).toBe(0);
      expect((await bytesOf(storage, "again")).equals(large)).toBe(true);
    });

    test("that was given up halfway leaves no part once its key is deleted", async () => {
      const target = { Bucket: options.bucket, Key: keys.original("given-up", "mp4") };
      const { UploadId } = await server.client.send(new CreateMultipartUploadCommand(target));
      await server.client.send(
        new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: large.subarray(0, 5 * mib) }),
      );
      expect(await unfinished(target.Key)).toBe(1);
      await storage.delete(target.Key);
      expect(await unfinished(target.Key)).toBe(0);
    });

    test("is refused where the end says 200 and then that it failed", async () => {
      faulty.setFault((request, forward) =>
        request.method === "POST" && request.url.includes("uploadId=")
          ? s3Failure(200, "InternalError")
          : forward(),
      );
      const path = localFile(large);
      expect(await codeOf(troubled.putFile("two-hundred", path))).toBe("storage_unreachable");
      expect(existsSync(path)).toBe(true);
      expect(await unfinished("two-hundred")).toBe(0);
    });
  });

  test(`${longBytes / mib} MiB go in and out, and memory does not grow`, async () => {
    const piece = new Uint8Array(mib);
    const before = process.memoryUsage.rss();
    let most = before;
    const watch = () => (most = Math.max(most, process.memoryUsage.rss()));
    let left = longBytes / mib;
    const source = new ReadableStream<Uint8Array>({
      pull(controller) {
        watch();
        if (left-- > 0) controller.enqueue(piece);
        else controller.close();
      },
    });
    await storage.put("long", source);
    expect(await storage.find("long")).toMatchObject({ sizeBytes: longBytes });
    let seen = 0;
    for await (const chunk of await storage.read("long")) {
      seen += chunk.length;
      watch();
    }
    expect(seen).toBe(longBytes);
    const tail = await storage.read("long", { start: longBytes - 3, end: longBytes - 1 });
    expect([...(await new Response(tail).bytes())]).toEqual([0, 0, 0]);
    await storage.delete("long");
    // Buffers that are not collected yet: as many after 5 GiB as after half of one.
    expect(most - before).toBeLessThan(384 * mib);
  }, 300_000);

  describe("the local file goes only after what is stored was compared with it", () => {
    const lies: [string, Record<string, string | null>][] = [
      ["another checksum", { "x-amz-checksum-crc32": "AAAAAA==" }],
      ["another length", { "content-length": "7" }],
    ];
    test.each(lies)("%s", async (_, headers) => {
      faulty.setFault(async (request, forward) =>
        request.method === "HEAD" ? withHeaders(await forward(), headers) : forward(),
      );
      const path = localFile(noise(1000));
      expect(await codeOf(troubled.putFile("compared", path))).toBe("storage_unreachable");
      expect(existsSync(path)).toBe(true);
      faulty.setFault(null);
      expect(await storage.find("compared")).toBeNull();
    });

    test("byte by byte where the server keeps no checksums", async () => {
      faulty.setFault(forgetful);
      await troubled.putFile("no-checksum", localFile(large));
      expect(faulty.asked).toContain(`GET /${options.bucket}/no-checksum`);
      expect((await bytesOf(storage, "no-checksum")).equals(large)).toBe(true);

      faulty.setFault((request, forward) =>
        request.method === "GET" && request.url.includes("no-checksum")
          ? new Response(otherBytes)
          : forgetful(request, forward),
      );
      const path = localFile(noise(1000));
      expect(await codeOf(troubled.putFile("no-checksum-2", path))).toBe("storage_unreachable");
      expect(existsSync(path)).toBe(true);
    });

    test("bytes that are changed on the way are refused by the server itself", async () => {
      const corrupting = openFaultyS3(options.endpoint);
      const wire = openS3Storage({ ...options, endpoint: corrupting.endpoint });
      corrupting.setFault((request, forward) =>
        request.method === "PUT"
          ? fetch(request.url.replace(corrupting.endpoint, options.endpoint), {
              method: "PUT",
              headers: request.headers,
              body: otherBytes,
            })
          : forward(),
      );
      const path = localFile(noise(1000));
      expect(await codeOf(wire.putFile("changed", path))).toBe("storage_unreachable");
      expect(existsSync(path)).toBe(true);
      expect(await storage.find("changed")).toBeNull();
      await corrupting.close();
    });
  });

  describe("a stream is stored only where what is stored was compared with it", () => {
    test("by the checksum that the server keeps, in one piece and in parts", async () => {
      for (const bytes of [noise(1000), large]) {
        faulty.setFault(null);
        await troubled.put("streamed", inPieces(bytes, [70_000]));
        expect(faulty.asked.filter((one) => one.startsWith("GET /") && one.endsWith("streamed"))).toEqual([]);
        expect((await bytesOf(storage, "streamed")).equals(bytes)).toBe(true);

        const otherSum = isParted(bytes) ? "AAAAAA==-3" : "AAAAAA==";
        faulty.setFault(async (request, forward) =>
          request.method === "HEAD"
            ? withHeaders(await forward(), { "x-amz-checksum-crc32": otherSum })
            : forward(),
        );
        const put = troubled.put("refused", inPieces(bytes, [70_000]));
        expect(await codeOf(put)).toBe("storage_unreachable");
        expect(await storage.find("refused")).toBeNull();
      }
    });

    test("byte by byte where it keeps none", async () => {
      faulty.setFault(forgetful);
      await troubled.put("streamed-2", inPieces(large, [70_000]));
      expect(faulty.asked).toContain(`GET /${options.bucket}/streamed-2`);
      faulty.setFault(async (request, forward) =>
        request.method === "GET" && request.url.includes("/streamed-3")
          ? garbled(await forward())
          : forgetful(request, forward),
      );
      expect(await codeOf(troubled.put("streamed-3", inPieces(large, [70_000])))).toBe("storage_unreachable");
      expect(await storage.find("streamed-3")).toBeNull();
    });

    const isParted = (bytes: Uint8Array) => bytes.length > 5 * mib;
  });

  describe("a copy to work on", () => {
    const isFetch = (request: Request) => request.method === "GET" && request.url.includes("/copied");
    const lent = () => troubled.withLocalFile("copied", (path) => Bun.file(path).bytes());
    const kept: [string, Fault, Buffer][] = [
      ["the checksum of the whole", (_, forward) => forward(), noise(1000)],
      ["the checksum of its parts", (_, forward) => forward(), large],
      ["the MD5 of the whole", forgetful, noise(1000)],
      ["the MD5 of its parts", forgetful, large],
    ];
    test.each(kept)("is fetched again where it has not %s", async (_, server, bytes) => {
      await storage.put("copied", bytes);
      let garble = 1;
      faulty.setFault(async (request, forward, body) => {
        const answer = await server(request, forward, body);
        return isFetch(request) && garble-- > 0 ? garbled(answer) : answer;
      });
      expect(Buffer.from(await lent()).equals(bytes)).toBe(true);
      expect(faulty.asked.filter((one) => one.startsWith("GET"))).toHaveLength(2);
    });

    test("is not lent at all where it stays wrong", async () => {
      await storage.put("copied", large);
      faulty.setFault(async (request, forward) => (isFetch(request) ? garbled(await forward()) : forward()));
      let wasLent = false;
      const use = async () => void (wasLent = true);
      expect(await codeOf(troubled.withLocalFile("copied", use))).toBe("checksum_mismatch");
      expect(wasLent).toBe(false);
      expect(readdirSync(options.workRoot)).toEqual([]);
    });

    test("is believed where the ETag is no MD5 and the same came twice, or where there is nothing to compare", async () => {
      await storage.put("copied", noise(1000));
      const etags: [string, number][] = [
        ['"0123456789abcdef0123456789abcdef"', 2],
        ['"of-its-own-kind"', 1],
      ];
      for (const [etag, times] of etags) {
        faulty.setFault(async (request, forward) =>
          withHeaders(await forgetful(request, forward), request.method === "HEAD" ? { etag } : {}),
        );
        expect(Buffer.from(await lent()).equals(noise(1000))).toBe(true);
        expect(faulty.asked.filter((one) => one.startsWith("GET"))).toHaveLength(times);
      }
    });
  });

  describe("a server in trouble", () => {
    test("is asked again after a while", async () => {
      await storage.put("slow", noise(100));
      for (const [status, code] of [
        [503, "SlowDown"],
        [500, "InternalError"],
        [502, "BadGateway"],
      ] as const) {
        let failures = 2;
        faulty.setFault((_, forward) => (failures-- > 0 ? s3Failure(status, code) : forward()));
        expect(await bytesOf(troubled, "slow")).toEqual(noise(100));
        expect(faulty.asked).toHaveLength(3);
      }
    });

    test("is not asked for ever", async () => {
      faulty.setFault(() => s3Failure(503, "ServiceUnavailable"));
      expect(await codeOf(troubled.find("slow"))).toBe("storage_unreachable");
      expect(faulty.asked).toHaveLength(4);
    });

    test("that never answers is given up", async () => {
      faulty.setFault(() => new Promise(() => {}));
      const hurried = openS3Storage({ ...options, endpoint: faulty.endpoint, patienceMs: 200 });
      expect(await codeOf(hurried.read("slow"))).toBe("storage_unreachable");
      expect(faulty.asked).toHaveLength(4);
    });

    test("that talks of something else is told from one that has nothing", async () => {
      faulty.setFault(() => new Response("<html>It works!</html>", { status: 200 }));
      expect(await codeOf(keysOf(troubled, ""))).toBe("storage_unreachable");
    });

    test("that is full is not asked again", async () => {
      faulty.setFault((request, forward) =>
        request.method === "PUT" ? s3Failure(507, "XMinioStorageFull") : forward(),
      );
      const path = localFile(noise(10));
      expect(await codeOf(troubled.putFile("full", path))).toBe("storage_full");
      expect(await codeOf(troubled.put("full", noise(10)))).toBe("storage_full");
      expect(existsSync(path)).toBe(true);
    });

    test("that breaks off is asked for the rest", async () => {
      await storage.put("broken-off", large);
      faulty.setFault(async (request, forward) => {
        const answer = await forward();
        return request.headers.get("range") === null ? breakOffAfter(3_000_000, answer) : answer;
      });
      expect((await bytesOf(troubled, "broken-off")).equals(large)).toBe(true);
      expect(faulty.asked).toHaveLength(2);
    });

    test("that breaks off and then has something else there is no longer believed", async () => {
      await storage.put("replaced", large);
      faulty.setFault(async (request, forward) => {
        if (request.headers.get("range") !== null) return forward();
        const answer = breakOffAfter(3_000_000, await forward());
        await storage.put("replaced", noise(large.length + 1).subarray(1));
        return answer;
      });
      expect(await codeOf(bytesOf(troubled, "replaced"))).toBe("storage_unreachable");
    });

    test("leaves no copy behind where it breaks off for good", async () => {
      faulty.setFault(async (request, forward) =>
        request.method === "GET" ? breakOffAfter(1000, await forward()) : forward(),
      );
      expect(await codeOf(troubled.withLocalFile("broken-off", async () => {}))).toBe("storage_unreachable");
      expect(readdirSync(options.workRoot)).toEqual([]);
    });
  });

  describe("what is not set up right is said", () => {
    const wrong: [string, Partial<S3Options>, RegExp][] = [
      ["the secret", { secretAccessKey: "another secret" }, /access key/],
      ["the key", { accessKeyId: "somebody else" }, /access key/],
      ["the bucket", { bucket: "no-such-bucket" }, /bucket is not there/],
      ["the endpoint", { endpoint: "http://127.0.0.1:1" }, /runs and can be reached/],
    ];
    test.each(wrong)("%s", async (_, changes, hint) => {
      const error = await failure(openS3Storage({ ...options, ...changes }).put("x", noise(10)));
      expect(isAppError(error) && error.code).toBe("storage_unreachable");
      expect(isAppError(error) && error.hint).toMatch(hint);
    });
  });

  describe("an address for browsers", () => {
    const sign = (key: string, expiresSeconds: number) => {
      const delivery = storage.delivery(key);
      if (delivery.way !== "link") throw new Error("no address");
      return delivery.sign({ expiresSeconds, mime: "video/mp4" });
    };

    test("is the same for a while, so that browsers know what they have", async () => {
      expect(await sign("a", 86_400)).toBe(await sign("a", 86_400));
      expect(await sign("a", 86_400)).not.toBe(await sign("b", 86_400));
    });

    test("is good for its time, for its object and for reading alone", async () => {
      await storage.put("signed", noise(10));
      // An address is made at the begin of a second.
      const url = await sign("signed", 5);
      expect((await fetch(url)).status).toBe(200);
      expect((await fetch(url.replace("/signed?", "/slow?"))).status).toBe(403);
      expect((await fetch(url, { method: "DELETE" })).status).toBe(403);
      await until(async () => ((await fetch(url)).status === 403 ? true : null));
    });

    test("has the origin that pages allow", async () => {
      const origins: Partial<S3Options>[] = [
        {},
        { pathStyle: false, endpoint: "https://s3.example.org" },
        { pathStyle: false },
        { publicEndpoint: "https://cdn.example.org:8443" },
        { publicEndpoint: "https://cdn.example.org", pathStyle: false },
        { endpoint: "", region: "eu-central-1", pathStyle: false },
        { endpoint: "", region: "eu-central-1", pathStyle: true },
        { endpoint: "", bucket: "with.dots", pathStyle: false },
      ];
      for (const changes of origins) {
        const changed = { ...options, ...changes };
        const delivery = openS3Storage(changed).delivery("a");
        const url =
          delivery.way === "link" ? await delivery.sign({ expiresSeconds: 60, mime: "image/png" }) : "";
        expect([changes, new URL(url).origin]).toEqual([changes, bucketOrigin(changed)]);
      }
    });
  });

  test("everything is gone that was lent", () => {
    expect(readdirSync(options.workRoot)).toEqual([]);
  });
});

/** As many bytes of an answer's body, and then the connection breaks. */
function breakOffAfter(count: number, answer: Response): Response {
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  let left = count;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value } = await reader.read();
      if (!value || left <= 0) return controller.error(new Error("broken off"));
      controller.enqueue(value.subarray(0, left));
      left -= value.length;
    },
  });
  return new Response(body, { status: answer.status, headers: answer.headers });
}
