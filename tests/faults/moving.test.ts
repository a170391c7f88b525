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
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMove } from "../../src/features/storage/storage.ts";
import { keys } from "../../src/storage/keys.ts";
import type { S3Options } from "../../src/storage/s3/options.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { hasOwnS3 } from "../fixtures/own-s3.ts";
import { startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import {
  filesByDoctor,
  furnish,
  homereel,
  keysInBucket,
  openTwoStorages,
  unfinished,
} from "../fixtures/two-storages.ts";
import type { ShelfOfTwo, TwoStorages } from "../fixtures/two-storages.ts";
import { clipOfSize, sha256 } from "../fixtures/uploads.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(120_000);

type Place = "disk" | "s3";

interface Move {
  state: string;
  files_moved: number;
  files_left: number;
  files_failed: number;
}

describe.skipIf(!hasOwnS3)("a move", () => {
  const folder = mkdtempSync(join(tmpdir(), "homereel-moving-"));
  const large = join(folder, "large.mp4");
  let two: TwoStorages;
  let shelf: ShelfOfTwo;
  let bucket: S3Options;
  let dataDir: string;
  let settings: Record<string, string>;
  let server: Server | null;
  let sums: Map<string, string>;
  beforeAll(async () => void (two = await openTwoStorages()));
  afterAll(async () => {
    await two.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(async () => {
    // More than a part.
    writeFileSync(large, clipOfSize(await mp4Clip(), 20_000_000));
    // What was moved is deleted at once, so that this can be killed too.
    shelf = await furnish(two, [await mp4Clip(), large], { HOMEREEL_STORAGE_KEEP_MOVED_HOURS: "0" });
    ({ bucket, settings, sums } = shelf);
    ({ dataDir } = shelf.app);
    server = null;
  });
  afterEach(async () => {
    two.door.setFault(null);
    await server?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const run = (...args: string[]) => homereel(dataDir, settings, ...args);

  async function start(dying: Record<string, string> = {}): Promise<Server> {
    server = await startServer({ dataDir, settings: { ...settings, ...dying } });
    return server;
  }

  /** Everything is where a move begins, and nobody is at work. */
  async function settleIn(place: Place): Promise<void> {
    const { app } = shelf;
    if (place === "s3") {
      await app.start();
      startMove(app.deps, null, { to: "s3" });
      await until(() => (filesIn("storage").length === 0 ? true : null));
    }
    await app.stop();
  }

  /** It may be dead before it answers. */
  const move = ({ api }: Server, to: Place) =>
    api("/api/v1/admin/storage/move", { method: "POST", body: JSON.stringify({ to }) }).catch(() => {});

  /** After the next start it goes on by itself, and nothing is missing, twice there, or left over. */
  async function expectMovedAfterRestart(to: Place): Promise<void> {
    await start();
    for (const [id, sum] of sums) expect(await play(id)).toBe(sum);
    const done = await until(async () => {
      const now = await server?.api<Move>("/api/v1/admin/storage/move");
      return now?.state === "done" ? now : null;
    }, 60_000);
    expect(done).toMatchObject({ files_left: 0, files_failed: 0, files_moved: 10 });
    for (const [id, sum] of sums) expect(await play(id)).toBe(sum);
    const counts = async () => [filesIn("storage").length, (await keysInBucket(two.s3, bucket)).length];
    await until(async () => (Bun.deepEquals(await counts(), to === "s3" ? [0, 10] : [10, 0]) ? true : null));
    const found = await filesByDoctor(dataDir, settings);
    expect(found[to]).toMatch(/^ok: 10 files, [\d.]+ MB$/);
    expect(found[to === "s3" ? "disk" : "s3"]).toBe("ok: 0 files, 0 B");
    expect(
      await unfinished(
        two.s3,
        bucket,
        [...sums.keys()].map((id) => keys.original(id, "mp4")),
      ),
    ).toEqual([]);
    await until(() => (filesIn("work").length === 0 ? true : null));
  }

  function filesIn(room: string): string[] {
    const folder = join(dataDir, room);
    if (!existsSync(folder)) return [];
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  }

  /** By the address for players: it leads to wherever the bytes are. */
  async function play(id: string): Promise<string> {
    const { url } = (await server?.api<{ url: string }>(`/api/v1/videos/${id}/stream-url?part=original`)) ?? {
      url: "",
    };
    return sha256(await (await fetch(url)).bytes());
  }

  const steps = [
    ["when a copy is there that no row names", "move-copied"],
    ["when a row was just changed", "move-switched"],
    ["before what was moved is deleted", "removal-due"],
    ["when what was moved is just deleted", "removal-deleted"],
  ] as const;
  test.each([
    ...steps.map(([when, step]) => ["s3", when, step] as const),
    ...steps.map(([when, step]) => ["disk", when, step] as const),
    ["disk", "when a copy has its name and nobody knows", "disk-renamed"] as const,
  ])("to %s is killed %s, and loses nothing", async (to, _, step) => {
    await settleIn(to === "s3" ? "disk" : "s3");
    const doomed = await start({ HOMEREEL_TEST_FAILPOINT: step });
    await move(doomed, to);
    await doomed.exited;
    await expectMovedAfterRestart(to);
  });

  test("to s3 is killed in the middle of a large file, and loses nothing", async () => {
    await settleIn("disk");
    const doomed = await start();
    const reached = Promise.withResolvers<void>();
    two.door.setFault((request, forward) => {
      if (!request.url.includes("partNumber=2")) return forward();
      reached.resolve();
      return new Promise(() => {});
    });
    await move(doomed, "s3");
    await reached.promise;
    await doomed.kill();
    two.door.setFault(null);
    await expectMovedAfterRestart("s3");
  });

  test("to disk is killed in the middle of a large file, and loses nothing", async () => {
    await settleIn("s3");
    const doomed = await start();
    const reached = Promise.withResolvers<void>();
    two.door.setFault(async (request, forward) => {
      const answer = await forward();
      if (request.method !== "GET" || !request.url.includes("/original")) return answer;
      return stuckAfter(3_000_000, answer, reached.resolve);
    });
    await move(doomed, "disk");
    await reached.promise;
    await doomed.kill();
    two.door.setFault(null);
    await expectMovedAfterRestart("disk");
  });

  test("is started, shown and taken back by command", async () => {
    await settleIn("disk");
    const before = await run("storage", "migrate", "--status");
    expect(before).toEqual({ out: "Nothing was ever moved.\n", code: 0 });
    const waiting = await run("storage", "migrate", "--to", "s3");
    expect(waiting.out).toContain("It goes on when the server runs.");
    expect((await run("storage", "migrate", "--stop")).out).toContain("was stopped: 0 of 10 files");
    await start();
    const there = await run("storage", "migrate", "--to", "s3");
    expect(there.code).toBe(0);
    expect(there.out).toContain("Moved to the bucket: 10 of 10 files");
    expect(there.out).toContain(`New files still go to the disk: set [storage] driver = "s3".`);
    const back = await run("storage", "migrate", "--to", "disk", "--json");
    expect(JSON.parse(back.out)).toMatchObject({ to: "disk", state: "done", files_moved: 10, files_left: 0 });
    for (const [id, sum] of sums) expect(await play(id)).toBe(sum);
    expect((await run("storage", "migrate", "--to", "tape")).code).toBe(2);
    expect((await run("storage", "migrate")).code).toBe(2);
  });
});

/** So many bytes of an answer's body, and then nothing more; shorter ones come whole. */
function stuckAfter(count: number, answer: Response, stuck: () => void): Response {
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  let left = count;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (left <= 0) {
        stuck();
        return new Promise(() => {});
      }
      const { value } = await reader.read();
      if (!value) return controller.close();
      controller.enqueue(value);
      left -= value.length;
    },
  });
  return new Response(body, { status: answer.status, headers: answer.headers });
}
