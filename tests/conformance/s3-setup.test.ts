import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { isAppError } from "../../src/lib/errors.ts";
import { keys } from "../../src/storage/keys.ts";
import type { S3Options } from "../../src/storage/s3/options.ts";
import { setUpBucket } from "../../src/storage/s3/setup.ts";
import { openS3Storage } from "../../src/storage/s3.ts";
import { hasMinio, s3Settings, startMinio } from "../fixtures/minio.ts";
import type { Minio } from "../fixtures/minio.ts";
import { openFaultyS3, s3Failure } from "../fixtures/s3-faults.ts";
import type { FaultyS3 } from "../fixtures/s3-faults.ts";

setDefaultTimeout(60_000);

const main = new URL("../../src/main.ts", import.meta.url).pathname;
const site = "https://videos.example.org";

describe.skipIf(!hasMinio)("a bucket is set up", () => {
  let minio: Minio;
  let door: FaultyS3;
  let options: S3Options;
  beforeAll(async () => {
    minio = await startMinio();
    door = openFaultyS3(minio.endpoint);
    options = { ...(await minio.newBucket()), endpoint: door.endpoint };
  });
  afterEach(() => door.setFault(null));
  afterAll(async () => {
    await door.close();
    await minio.close();
  });

  /** MinIO knows neither kind of rules for buckets: the door keeps them as Amazon does. */
  function keepRules(): Map<string, string> {
    const kept = new Map<string, string>();
    door.setFault(async (request, forward, body) => {
      const kind = /[?&](cors|lifecycle)\b/.exec(request.url)?.[1];
      if (!kind) return forward();
      if (request.method === "PUT") {
        kept.set(kind, new TextDecoder().decode(body));
        return new Response(null, { status: 200 });
      }
      const xml = kept.get(kind);
      const none = kind === "cors" ? "NoSuchCORSConfiguration" : "NoSuchLifecycleConfiguration";
      return xml === undefined
        ? s3Failure(404, none)
        : new Response(xml, { headers: { "content-type": "application/xml" } });
    });
    return kept;
  }
  const outcomes = (steps: Awaited<ReturnType<typeof setUpBucket>>) =>
    steps.map(({ what, outcome }) => `${what}: ${outcome}`);

  test("once, beside the rules that others made", async () => {
    const rules = keepRules();
    const theirs = `<CORSRule><ID>theirs</ID><AllowedMethod>GET</AllowedMethod><AllowedOrigin>https://a.example</AllowedOrigin></CORSRule>`;
    rules.set("cors", `<CORSConfiguration>${theirs}</CORSConfiguration>`);
    const shown = await setUpBucket(options, { origin: site, show: true });
    expect(outcomes(shown)).toEqual(["cors: shown", "lifecycle: shown"]);
    expect(shown[0]?.wanted).toMatchObject({
      CORSRules: [{ ID: "theirs" }, { ID: "homereel", AllowedOrigins: [site] }],
    });
    expect(rules.size).toBe(1);
    expect(outcomes(await setUpBucket(options, { origin: site, show: false }))).toEqual([
      "cors: set",
      "lifecycle: set",
    ]);
    expect(rules.get("cors")).toContain("theirs");
    expect(rules.get("cors")).toContain(site);
    expect(rules.get("lifecycle")).toContain("<DaysAfterInitiation>3</DaysAfterInitiation>");
    expect(outcomes(await setUpBucket(options, { origin: site, show: false }))).toEqual([
      "cors: was so",
      "lifecycle: was so",
    ]);
  });

  test("or is not, by MinIO, which says so", async () => {
    const steps = await setUpBucket(options, { origin: site, show: false });
    expect(steps).toMatchObject([
      { what: "cors", outcome: "refused", reason: "NotImplemented" },
      { what: "lifecycle", outcome: "refused", reason: "InvalidArgument" },
    ]);
  });

  test("by command, which prints what somebody else may set", async () => {
    const env = { ...process.env, ...s3Settings(options), HOMEREEL_SERVER_PUBLIC_URL: site };
    const child = Bun.spawn([process.execPath, main, "storage", "setup"], { env, stdout: "pipe" });
    const out = await new Response(child.stdout).text();
    expect(await child.exited).toBe(1);
    expect(out).toContain("cors: the server refused it (NotImplemented). MinIO has no such rules");
    expect(out).toContain(`"AllowedOrigins": [\n        "${site}"`);
  });

  test("not where there is none", async () => {
    const nowhere = setUpBucket({ ...options, bucket: "no-such-bucket" }, { origin: site, show: false });
    const error = await nowhere.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(isAppError(error) && error.hint).toContain("The bucket is not there");
  });

  test("and each kind of file is kept as the configuration says", async () => {
    const classes = { original: "REDUCED_REDUNDANCY", rendition: "", picture: "STANDARD" } as const;
    const storage = openS3Storage({ ...options, classes });
    const classOf = async (Key: string) => {
      await storage.put(Key, Buffer.from("bytes"));
      return (await minio.client.send(new HeadObjectCommand({ Bucket: options.bucket, Key }))).StorageClass;
    };
    expect(await classOf(keys.original("a", "mp4"))).toBe("REDUCED_REDUNDANCY");
    // What is as usual goes without saying.
    expect(await classOf(keys.rendition("a", "playable.mp4"))).toBeUndefined();
    expect(await classOf(keys.image("a", "webp"))).toBeUndefined();
  });
});
