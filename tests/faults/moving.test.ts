import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { createUser } from "../../src/features/accounts/accounts.ts";
import { keys } from "../../src/storage/keys.ts";
import type { S3Options } from "../../src/storage/s3-options.ts";
import { openTestApp, password, toolSettings } from "../fixtures/app.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { hasMinio, s3Settings, startMinio } from "../fixtures/minio.ts";
import type { Minio } from "../fixtures/minio.ts";
import { openFaultyS3 } from "../fixtures/s3-faults.ts";
import type { FaultyS3 } from "../fixtures/s3-faults.ts";
import { adminEmail, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import { addReady } from "../fixtures/shelf.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(120_000);

const main = new URL("../../src/main.ts", import.meta.url).pathname;

interface Move {
  state: string;
  files_moved: number;
  files_left: number;
  files_failed: number;
}

describe.skipIf(!hasMinio)("a move to the bucket", () => {
  let minio: Minio;
  let door: FaultyS3;
  let bucket: S3Options;
  let dataDir: string;
  let settings: Record<string, string>;
  let server: Server | null;
  let sums: Map<string, string>;
  beforeAll(async () => {
    minio = await startMinio();
    door = openFaultyS3(minio.endpoint);
  });
  afterAll(async () => {
    await door.close();
    await minio.close();
  });
  beforeEach(async () => {
    bucket = await minio.newBucket();
    settings = { ...s3Settings({ ...bucket, endpoint: door.endpoint }), HOMEREEL_STORAGE_DRIVER: "disk" };
    const app = openTestApp(settings);
    ({ dataDir } = app);
    const owner = await createUser(app.deps, null, {
      name: "Ada",
      email: adminEmail,
      password,
      role: "admin",
    });
    const large = join(dataDir, "large.mp4");
    writeFileSync(large, withFreeSpace(await Bun.file(await mp4Clip()).bytes(), 20_000_000));
    sums = new Map();
    for (const clip of [await mp4Clip(), large]) {
      const id = await addReady(app, owner, clip, { title: "A clip" });
      sums.set(id, new Bun.CryptoHasher("sha256").update(await Bun.file(clip).bytes()).digest("hex"));
    }
    await app.stop();
    server = null;
  });
  afterEach(async () => {
    door.setFault(null);
    await server?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function homereel(...args: string[]) {
    const env = { PATH: process.env.PATH ?? "", HOMEREEL_DATA_DIR: dataDir, ...toolSettings(), ...settings };
    const child = Bun.spawn([process.execPath, main, ...args], { env, stdout: "pipe", stderr: "pipe" });
    return { out: await new Response(child.stdout).text(), code: await child.exited };
  }

  /** After the next start it goes on by itself, and nothing is missing, twice there, or left over. */
  async function expectMovedAfterRestart(): Promise<void> {
    server = await startServer({ dataDir, settings });
    for (const [id, sha256] of sums) expect(await play(id)).toBe(sha256);
    const done = await until(async () => {
      const now = await server?.api<Move>("/api/v1/admin/storage/move");
      return now?.state === "done" ? now : null;
    }, 60_000);
    expect(done).toMatchObject({ files_left: 0, files_failed: 0, files_moved: 10 });
    for (const [id, sha256] of sums) expect(await play(id)).toBe(sha256);
    const { out, code } = await homereel("doctor", "--json");
    const findings = JSON.parse(out) as { what: string; ok: boolean; says: string }[];
    expect(findings.find(({ what }) => what === "files in the bucket")).toMatchObject({ ok: true });
    expect(findings.find(({ what }) => what === "files in the bucket")?.says).toStartWith("10 files");
    expect(findings.find(({ what }) => what === "files on the disk")).toMatchObject({ ok: true });
    expect(code).toBe(findings.every(({ ok }) => ok) ? 0 : 1);
    for (const id of sums.keys()) {
      const ask = { Bucket: bucket.bucket, Prefix: keys.original(id, "mp4") };
      expect((await minio.client.send(new ListMultipartUploadsCommand(ask))).Uploads ?? []).toEqual([]);
    }
  }

  /** By the address for players: it leads to wherever the bytes are. */
  async function play(id: string): Promise<string> {
    const { url } = (await server?.api<{ url: string }>(`/api/v1/videos/${id}/stream-url?part=original`)) ?? {
      url: "",
    };
    return new Bun.CryptoHasher("sha256").update(await (await fetch(url)).arrayBuffer()).digest("hex");
  }

  test.each([
    ["when a copy is there that no row names", "move-copied"],
    ["when a row was just changed", "move-switched"],
  ])("is killed %s, and loses nothing", async (_, step) => {
    server = await startServer({ dataDir, settings: { ...settings, HOMEREEL_TEST_FAILPOINT: step } });
    expect((await homereel("storage", "migrate", "--to", "s3", "--no-wait")).code).toBe(0);
    await server.exited;
    await expectMovedAfterRestart();
  });

  test("is killed in the middle of a large file, and loses nothing", async () => {
    server = await startServer({ dataDir, settings });
    const reached = Promise.withResolvers<void>();
    door.setFault((request, forward) => {
      if (!request.url.includes("partNumber=2")) return forward();
      reached.resolve();
      return new Promise(() => {});
    });
    await homereel("storage", "migrate", "--to", "s3", "--no-wait");
    await reached.promise;
    await server.kill();
    door.setFault(null);
    await expectMovedAfterRestart();
  });

  test("is started, shown and taken back by command", async () => {
    const before = await homereel("storage", "migrate", "--status");
    expect(before).toEqual({ out: "Nothing was ever moved.\n", code: 0 });
    const waiting = await homereel("storage", "migrate", "--to", "s3");
    expect(waiting.out).toContain("It goes on when the server runs.");
    expect((await homereel("storage", "migrate", "--stop")).out).toContain("was stopped: 0 of 10 files");
    server = await startServer({ dataDir, settings });
    const there = await homereel("storage", "migrate", "--to", "s3");
    expect(there.code).toBe(0);
    expect(there.out).toContain("Moved to the bucket: 10 of 10 files");
    expect(there.out).toContain(`New files still go to the disk: set [storage] driver = "s3".`);
    const back = await homereel("storage", "migrate", "--to", "disk", "--json");
    expect(JSON.parse(back.out)).toMatchObject({ to: "disk", state: "done", files_moved: 10, files_left: 0 });
    for (const [id, sha256] of sums) expect(await play(id)).toBe(sha256);
    expect((await homereel("storage", "migrate", "--to", "tape")).code).toBe(2);
    expect((await homereel("storage", "migrate")).code).toBe(2);
  });
});

/** The same MP4 with a box of nothing behind it (ISO 14496-12, 8.1.2): more than a part. */
function withFreeSpace(clip: Uint8Array, sizeBytes: number): Uint8Array {
  const box = Buffer.alloc(sizeBytes);
  box.writeUInt32BE(sizeBytes);
  box.write("free", 4, "latin1");
  return Buffer.concat([clip, box]);
}
