import { afterAll, expect, test } from "bun:test";
import { fillQueue } from "../fixtures/queued.ts";
import { getUser } from "../../src/features/accounts/accounts.ts";
import { groupDownloads } from "../../src/features/downloads/downloads.ts";
import { fetchJob, probeJob } from "../../src/features/downloads/jobs.ts";
import { openTestApp } from "../fixtures/app.ts";

const queued = 10_000;
const app = openTestApp();
afterAll(() => app.close());

test("of a queue of ten thousand a page shows the first in line, and how many there are", async () => {
  await app.join("ada");
  const { db, queue } = app.deps;
  const ids = fillQueue(db, queued);
  const owner = db.query.users.findFirst().sync();
  const user = getUser(app.deps, owner?.id ?? "");
  queue.move(probeJob, ids.at(-1) ?? "", "top");

  const groups = groupDownloads(app.deps, user);
  expect(groups.counts).toEqual({ running: 0, waiting: queued, failed: 0 });
  expect(groups.waiting.length).toBeLessThan(50);
  expect(groups.waiting.map(({ id }) => id)).toEqual([
    ...ids.slice(-1),
    ...ids.slice(0, groups.waiting.length - 1),
  ]);
  expect(groupDownloads(app.deps, user, 200).waiting).toHaveLength(200);
});

test("it is held and let go within one statement each, whoever waits", () => {
  const { db, queue } = app.deps;
  const ids = queue.nextInLine("short", null, queued);
  expect(ids).toHaveLength(queued);
  expect([queue.hold(probeJob, ids), queue.hold(fetchJob, ids)]).toEqual([queued, 0]);
  expect(queue.release(probeJob, ids)).toBe(queued);
  expect(db.query.jobs.findFirst({ where: (jobs, { eq }) => eq(jobs.held, true) }).sync()).toBeUndefined();
});
