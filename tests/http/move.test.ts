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
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { listAudit } from "../../src/features/accounts/accounts.ts";
import { removeKeptNow } from "../../src/features/removals/remove-files.ts";
import { checkStorage } from "../../src/features/storage/storage.ts";
import { deleteVideo } from "../../src/features/videos/videos.ts";
import { Snooze } from "../../src/queue/job.ts";
import { keys } from "../../src/storage/keys.ts";
import { json, openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson } from "../fixtures/cast.ts";
import type { Person } from "../fixtures/cast.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { hasOwnS3 } from "../fixtures/own-s3.ts";
import { garbled } from "../fixtures/s3-faults.ts";
import type { FaultyS3 } from "../fixtures/s3-faults.ts";
import { furnish, openTwoStorages } from "../fixtures/two-storages.ts";
import type { TwoStorages } from "../fixtures/two-storages.ts";
import { until } from "../fixtures/until.ts";
import { clipOfSize, sha256 } from "../fixtures/uploads.ts";

setDefaultTimeout(60_000);

const hour = 3_600_000;
const filesOfOne = 5;

interface Move {
  to: string;
  state: string;
  files_moved: number;
  files_left: number;
  bytes_left: number;
  files_failed: number;
  last_failure: string | null;
}

describe.skipIf(!hasOwnS3)("everything moves to the other storage", () => {
  let two: TwoStorages;
  let door: FaultyS3;
  let app: TestApp;
  let admin: Person;
  let ids: string[];
  beforeAll(async () => {
    two = await openTwoStorages();
    ({ door } = two);
  });
  afterAll(() => two.close());
  beforeEach(async () => {
    const shelf = await furnish(two, [await mp4Clip(), await mp4Clip()]);
    ({ app, admin } = shelf);
    ids = [...shelf.sums.keys()];
    await app.start();
  });
  afterEach(async () => {
    door.setFault(null);
    await app.close();
  });

  async function call(method = "GET", to?: string): Promise<Move & { code?: string }> {
    const init = to === undefined ? { method } : json({ to }, method);
    const answer = await app.request("/api/v1/admin/storage/move", { ...init, as: admin.token });
    return (await answer.json()) as Move;
  }
  const move = async (to: string) => {
    await call("POST", to);
    return until(async () => {
      const now = await call();
      return now.state === "running" ? null : now;
    });
  };
  const rowsIn = (storage: string) =>
    app.deps.db.query.files.findMany({ where: (row, { eq }) => eq(row.storage, storage as "s3") }).sync();
  const pathOf = (id: string) => join(app.dataDir, "storage", keys.original(id, "mp4"));
  /** As a browser does it, wherever it is sent. */
  async function play(id: string): Promise<string> {
    const answer = await app.request(`/videos/${id}/stream`, { as: admin.token });
    const location = answer.headers.get("location");
    const body = location ? await fetch(location) : answer;
    return new Bun.CryptoHasher("sha256").update(await body.arrayBuffer()).digest("hex");
  }
  const sound = async (storage: "disk" | "s3") => {
    const { sound: those, lost, damaged } = await checkStorage(app.deps, storage);
    return [those.files, lost.count, damaged.count];
  };
  const removeKept = async (ms: number) => {
    const context = { jobId: 0, attempt: 1, maxAttempts: 1, signal: new AbortController().signal };
    const later = { ...app.deps, now: () => Date.now() + ms };
    return removeKeptNow(later, {}, context).catch((error: unknown) => error);
  };

  test("and back, while it plays, with the old files kept for two days", async () => {
    const before = await play(ids[0] ?? "");
    expect(await move("s3")).toMatchObject({
      to: "s3",
      state: "done",
      files_moved: 10,
      files_left: 0,
      files_failed: 0,
    });
    expect(await sound("s3")).toEqual([2 * filesOfOne, 0, 0]);
    expect(await sound("disk")).toEqual([0, 0, 0]);
    expect(await play(ids[0] ?? "")).toBe(before);
    expect(existsSync(pathOf(ids[0] ?? ""))).toBe(true);
    // Looked for every hour, although copies that were cut off are kept for a week.
    const [job] = app.deps.db.$client
      .prepare("SELECT run_at FROM jobs WHERE name = 'remove-kept-files'")
      .pluck()
      .all();
    expect(Number(job)).toBeLessThanOrEqual(Date.now() + hour);
    // Too early: it comes again when they are due.
    expect(await removeKept(47 * hour)).toBeInstanceOf(Snooze);
    expect(existsSync(pathOf(ids[0] ?? ""))).toBe(true);

    // What is still here need not be fetched.
    door.setFault(null);
    expect(await move("disk")).toMatchObject({ to: "disk", state: "done", files_moved: 10 });
    expect(door.asked.filter((one) => one.startsWith("GET"))).toEqual([]);
    expect(await sound("disk")).toEqual([2 * filesOfOne, 0, 0]);
    expect(await play(ids[0] ?? "")).toBe(before);

    await move("s3");
    expect(await removeKept(49 * hour)).toBeUndefined();
    expect(existsSync(pathOf(ids[0] ?? ""))).toBe(false);
    expect(await sound("s3")).toEqual([2 * filesOfOne, 0, 0]);
    // Now it has to be.
    await move("disk");
    expect(await play(ids[0] ?? "")).toBe(before);
    expect(existsSync(pathOf(ids[0] ?? ""))).toBe(true);
  });

  test("and what can't, stays and goes on working, and is named", async () => {
    writeFileSync(pathOf(ids[0] ?? ""), "something else");
    const done = await move("s3");
    expect(done).toMatchObject({ state: "done", files_moved: 9, files_left: 1, files_failed: 1 });
    expect(done.last_failure).toContain(keys.original(ids[0] ?? "", "mp4"));
    expect(rowsIn("disk").map(({ videoId, kind }) => [videoId, kind])).toEqual([[ids[0] ?? "", "original"]]);
    expect(existsSync(pathOf(ids[0] ?? ""))).toBe(true);
  });

  test("and what comes garbled from the bucket is fetched again, and stays there where it always does", async () => {
    await move("s3");
    await removeKept(49 * hour);
    const [once = "", always = ""] = ids.map((id) => keys.original(id, "mp4"));
    let left = 1;
    door.setFault(async (request, forward) => {
      const answer = await forward();
      if (request.method !== "GET") return answer;
      const isBad = request.url.includes(always) || (request.url.includes(once) && left-- > 0);
      return isBad ? garbled(answer) : answer;
    });
    const done = await move("disk");
    expect(done).toMatchObject({ state: "done", files_moved: 9, files_left: 1, files_failed: 1 });
    expect(done.last_failure).toContain(always);
    expect(left).toBeLessThan(1);
    door.setFault(null);
    expect(await sound("disk")).toEqual([2 * filesOfOne - 1, 0, 0]);
    expect(await move("disk")).toMatchObject({ state: "done", files_left: 0, files_failed: 0 });
    expect(await sound("disk")).toEqual([2 * filesOfOne, 0, 0]);
  });

  test("waits while the bucket is away, and goes on by itself", async () => {
    door.setFault(() => new Response("away", { status: 503 }));
    await call("POST", "s3");
    const waiting = await until(async () => {
      const now = await call();
      return now.last_failure === null ? null : now;
    });
    expect(waiting).toMatchObject({ state: "running", files_moved: 0, files_failed: 0 });
    expect(await play(ids[0] ?? "")).toHaveLength(64);
    door.setFault(null);
    await until(async () => {
      app.deps.db.$client.exec("UPDATE jobs SET run_at = 0 WHERE name = 'storage-move' AND state = 'ready'");
      return (await call()).state === "done" ? true : null;
    });
    expect(await sound("s3")).toEqual([2 * filesOfOne, 0, 0]);
  });

  test("can be stopped, and goes on where it was", async () => {
    let puts = 0;
    const [reached, stopped] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    door.setFault(async (request, forward) => {
      if (request.method !== "PUT") return forward();
      if (++puts === 4) {
        reached.resolve();
        await stopped.promise;
      }
      return forward();
    });
    await call("POST", "s3");
    await reached.promise;
    expect(await call("DELETE")).toMatchObject({ state: "stopped" });
    stopped.resolve();
    await app.idle();
    const { files_moved: moved, state } = await call();
    expect(state).toBe("stopped");
    expect(moved).toBeGreaterThan(0);
    expect(moved).toBeLessThan(10);
    expect(rowsIn("s3")).toHaveLength(moved);
    for (const id of ids) expect(await play(id)).toHaveLength(64);
    expect(await call("DELETE")).toMatchObject({ code: "conflict" });
    const audit = listAudit(app.deps, {}).items.map(({ action, actorName }) => [action, actorName]);
    expect(audit).toContainEqual(["storage.move", "Ada"]);
    expect(audit).toContainEqual(["storage.stop", "Ada"]);
    door.setFault(null);
    expect(await move("s3")).toMatchObject({ state: "done", files_moved: 10 - moved, files_left: 0 });
  });

  test("leaves nothing of a video that was deleted meanwhile", async () => {
    const [id = ""] = ids;
    door.setFault(async (request, forward) => {
      const answer = await forward();
      if (request.method === "PUT" && request.url.includes(keys.original(id, "mp4"))) {
        deleteVideo(app.deps, admin.user, id);
      }
      return answer;
    });
    expect(await move("s3")).toMatchObject({ state: "done", files_failed: 0 });
    await app.idle();
    await removeKept(49 * hour);
    const left: string[] = [];
    for await (const { key } of app.deps.storageOf("s3").list("")) left.push(key);
    expect(left.filter((key) => key.includes(id))).toEqual([]);
    expect(await sound("s3")).toEqual([filesOfOne, 0, 0]);
  });

  test("and a file that takes the place of one on its way is the one that stays", async () => {
    const [id = ""] = ids;
    const better = clipOfSize(await mp4Clip(), 300_000);
    const isBetter = async () => ((await play(id)) === sha256(better) ? true : null);
    let hasBegun = false;
    door.setFault(async (request, forward) => {
      if (request.method !== "PUT" || !request.url.includes(`${id}/original`) || hasBegun) return forward();
      hasBegun = true;
      const answer = await forward();
      const headers = { "content-type": "video/mp4" };
      const path = `/api/v1/videos/${id}/file?filename=better.mp4`;
      await app.request(path, { method: "PUT", body: better, headers, as: admin.token });
      await until(isBetter);
      return answer;
    });
    expect(await move("s3")).toMatchObject({ state: "done", files_failed: 0 });
    await app.idle();
    expect(hasBegun).toBe(true);
    expect(await isBetter()).toBe(true);
    expect(await move("s3")).toMatchObject({ state: "done", files_left: 0, files_failed: 0 });
    expect(await isBetter()).toBe(true);
    await removeKept(49 * hour);
    const left: string[] = [];
    for await (const { key } of app.deps.storageOf("s3").list("")) left.push(key);
    expect(left.toSorted()).toEqual(
      rowsIn("s3")
        .map(({ key }) => key)
        .toSorted(),
    );
    expect(await sound("s3")).toEqual([2 * filesOfOne, 0, 0]);
  });

  test("starts for admins only, to where there is something", async () => {
    expect(await call("POST", "tape")).toMatchObject({ code: "invalid_input" });
    const user = await addPerson(app, "ben");
    const refused = await app.request("/api/v1/admin/storage/move", {
      ...json({ to: "s3" }),
      as: user.token,
    });
    expect(refused.status).toBe(403);
    const without = openTestApp();
    const other = await addPerson(without, "eve", "admin");
    const nowhere = await without.request("/api/v1/admin/storage/move", {
      ...json({ to: "s3" }),
      as: other.token,
    });
    expect([nowhere.status, await nowhere.text()]).toEqual([409, expect.stringContaining("no bucket")]);
    await without.close();
  });
});
