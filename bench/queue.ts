// The queue with 10,000 downloads that wait: claims beside a bare better-sqlite3 loop with the same statements, what 10
// downloads that run do to the gallery, and what the length of the queue does to its page. `bun bench/queue.ts [pairs]`
import { readFileSync } from "node:fs";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { buildConfig } from "../src/config.ts";
import { migrate } from "../src/db/migrate.ts";
import { closeDatabase, openDatabase } from "../src/db/open.ts";
import type { Database } from "../src/db/open.ts";
import * as schema from "../src/db/schema.ts";
import { setSwitch } from "../src/features/downloads/gates/queries.ts";
import { downloadGates, pauseSwitch } from "../src/features/downloads/gates/gates.ts";
import { newId } from "../src/lib/ids.ts";
import { paths } from "../src/paths.ts";
import { leaveRunning } from "../src/queue/store.ts";
import type { HeldJob } from "../src/queue/store.ts";
import { claimJob } from "../src/queue/store-claim.ts";
import { newDataDir, startServer } from "../tests/fixtures/server.ts";
import type { Server } from "../tests/fixtures/server.ts";
import { startSite } from "../tests/fixtures/site.ts";
import { until } from "../tests/fixtures/until.ts";
import { fillQueue } from "../tests/fixtures/queued.ts";
import { compare, spread } from "./ratio.ts";

const pairs = Number(process.argv[2] ?? 9);
const queued = 10_000;
const claimsAtOnce = 300;
const lane = "short" as const;
const tokens = new Map<Server, Promise<{ token: string }>>();

for (const where of ["in memory", "on the disk"] as const) await benchClaims(where);
await benchGallery();
await benchPage();

/** Claim and finish, one job after the other; on the disk each of the two is a durable commit. */
async function benchClaims(where: "in memory" | "on the disk"): Promise<void> {
  const data = newDataDir();
  const db = openDatabase(where === "in memory" ? ":memory:" : data.path);
  migrate(db, where === "in memory" ? null : data.path);
  addOwner(db);
  fillQueue(db, queued);
  const gates = downloadGates({ db, config: buildConfig({}, { HOMEREEL_DATA_DIR: data.path }) });
  const bare = bareStatements(db);
  let turn = 0;
  const latencies: Record<"ours" | "bare", number[]> = { ours: [], bare: [] };
  const run = (name: "ours" | "bare", claim: () => HeldJob | null, finish: (job: HeldJob) => void) => () => {
    const startedAt = performance.now();
    for (let i = 0; i < claimsAtOnce; i++) {
      const claimedAt = performance.now();
      const job = claim();
      latencies[name].push(performance.now() - claimedAt);
      if (!job) throw new Error("there was nothing to claim");
      finish(job);
    }
    const took = performance.now() - startedAt;
    refill(db);
    return took;
  };
  const claimOf = () => ({ lane, concurrency: 3, now: Date.now(), turn: ++turn, leaseUntil: 1e9 });
  const ours = run(
    "ours",
    () => {
      const gate = gates.at(lane, Date.now());
      return gate && claimJob(db, claimOf(), gate);
    },
    (job) => leaveRunning(db, job, { state: "done" }, Date.now()),
  );
  const loop = run("bare", () => bare.claim(claimOf()), bare.finish);
  const title = `\nms of ${claimsAtOnce} claims with ${queued} jobs queued, ${where}`;
  const {
    ours: own,
    anchor,
    ratio,
  } = await compare(
    title,
    { name: "the queue, its gates asked", run: ours },
    { name: "bare better-sqlite3, same statements", run: loop },
    { pairs, warmups: 2 },
  );
  const perSecond = (ms: number) => Math.round((claimsAtOnce * 1000) / ms);
  console.log(`claims a second: ${perSecond(own.median)}, bare ${perSecond(anchor.median)}`);
  console.log(`p99 of a claim: ${p(latencies.ours, 0.99)} ms, bare ${p(latencies.bare, 0.99)} ms`);
  judge("claims a second against the bare loop", 1 / ratio.median, "at least", 0.8);
  closeDatabase(db);
  data.remove();
}

/** The very statements that the queue runs, prepared and run without drizzle. */
function bareStatements(db: Database) {
  const texts: string[] = [];
  const logger = { logQuery: (text: string) => void texts.push(text) };
  const watched = Object.assign(drizzle({ client: db.$client, schema, logger }), { $client: db.$client });
  const free = { blockedGroups: [], groupRoom: 2 };
  claimJob(watched, { lane, concurrency: 0, now: 0, turn: 0, leaseUntil: 0 }, free);
  leaveRunning(watched, { id: -1, token: "" }, { state: "done" }, 0);
  const [claimText = "", finishText = ""] = texts;
  const claim = db.$client.prepare(claimText);
  const finish = db.$client.prepare(finishText);
  // In the order in which drizzle names them.
  const claimNames = parametersOf((values) =>
    claimJob(
      values,
      { lane, concurrency: 101, now: 102, turn: 103, leaseUntil: 104 },
      {
        blockedGroups: ["105"],
        groupRoom: 106,
      },
    ),
  );
  const finishNames = parametersOf((values) =>
    leaveRunning(values, { id: 201, token: "202" }, { state: "done" }, 203),
  );
  return {
    claim(values: { concurrency: number; now: number; turn: number; leaseUntil: number }): HeldJob | null {
      const { concurrency, now, turn, leaseUntil } = values;
      const known = new Map<unknown, unknown>([
        ...([
          [101, concurrency],
          [102, now],
          [103, turn],
          [104, leaseUntil],
        ] as const),
        ...([
          ['["105"]', "[]"],
          [106, 2],
        ] as const),
      ]);
      const row = claim.get(...claimNames.map((name) => known.get(name) ?? name)) as
        | [number, string]
        | { id: number; lease_token: string }
        | undefined;
      return (row ?? null) as HeldJob | null;
    },
    finish(job: HeldJob): void {
      const { id, lease_token: token } = job as unknown as { id: number; lease_token: string };
      const known = new Map<unknown, unknown>([
        [201, id],
        ["202", token],
        [203, Date.now()],
      ]);
      const done = finish.run(...finishNames.map((name) => known.get(name) ?? name));
      if (done.changes !== 1) throw new Error("the bare loop finished nothing");
    },
  };

  function parametersOf(ask: (db: Database) => unknown): unknown[] {
    let seen: unknown[] = [];
    const watch = { logQuery: (_: string, values: unknown[]) => void (seen = values) };
    ask(Object.assign(drizzle({ client: db.$client, schema, logger: watch }), { $client: db.$client }));
    return seen;
  }
}

function addOwner(db: Database): void {
  const times = { createdAt: Date.now(), updatedAt: Date.now() };
  const person = { id: newId(), email: "ada@example.org", name: "Ada", role: "admin" as const };
  db.insert(schema.users)
    .values({ ...person, passwordHash: "none", ...times })
    .run();
}

/** What was taken waits again, so that every round has as many before it. */
function refill(db: Database): void {
  db.update(schema.jobs).set({ state: "ready", finishedAt: null, attempts: 0 }).run();
}

/** The real server and ten real downloads, which are paused and let go on in turn. */
async function benchGallery(): Promise<void> {
  const downloads = 10;
  const [data, site] = [newDataDir(), await startSite()];
  const many = String(downloads);
  const settings = {
    HOMEREEL_DOWNLOADS_SHORT_CONCURRENCY: many,
    HOMEREEL_DOWNLOADS_PER_SITE_CONCURRENCY: many,
  };
  const server = await startServer({ dataDir: data.path, settings });
  try {
    fillShelf(data.path);
    for (let i = 0; i < downloads; i++) {
      const body = JSON.stringify({ url: site.url(`/slow.mp4?rate=2000&n=${i}`) });
      await server.api("/api/v1/downloads", { method: "POST", body });
    }
    const all = (verb: string) => server.api(`/api/v1/downloads/${verb}`, { method: "POST" });
    const found: Record<"idle" | "busy", number[]> = { idle: [], busy: [] };
    for (let round = 0; round < 3; round++) {
      await all("resume-all");
      await until(async () => ((await countRunning(server)) === downloads ? true : null), 120_000);
      await Bun.sleep(1000);
      found.busy.push(...(await lookFor(server, paths.gallery(), 3000)));
      await all("pause-all");
      await until(async () => ((await countRunning(server)) === 0 ? true : null), 30_000);
      await Bun.sleep(500);
      found.idle.push(...(await lookFor(server, paths.gallery(), 3000)));
    }
    console.log(`\nms of a gallery page with ${downloads} downloads running, and idle`);
    for (const share of [0.5, 0.95]) {
      console.log(`  p${share * 100}: ${p(found.busy, share)}, idle ${p(found.idle, share)}`);
    }
    judge("the gallery's p95 against idle", p(found.busy, 0.95) / p(found.idle, 0.95), "at most", 1.5);
  } finally {
    await server.stop();
    await site.stop();
    data.remove();
  }
}

interface Shown {
  items: { state: string; progress: { bytes_done: number | null } | null }[];
}

/** Those whose bytes come, or that are still about to stop. */
async function countRunning(server: Server): Promise<number> {
  const { items } = await server.api<Shown>("/api/v1/downloads?state=fetching");
  const { items: probing } = await server.api<Shown>("/api/v1/downloads?state=probing");
  return items.filter((item) => item.progress?.bytes_done).length + probing.length / 1000;
}

/** The page of a queue of ten and of ten thousand, each of a server of its own; none of them begins. */
async function benchPage(): Promise<void> {
  const sides = await Promise.all(
    [10, queued].map(async (count) => {
      const data = newDataDir();
      const server = await startServer({ dataDir: data.path });
      const db = openDatabase(data.path);
      setSwitch(db, pauseSwitch, true, Date.now());
      fillQueue(db, count);
      closeDatabase(db);
      await lookFor(server, paths.downloads(), 1500);
      return { data, server, count, rssBefore: rssOf(server) };
    }),
  );
  const [few, many] = sides;
  if (!few || !many) throw new Error("two servers are compared");
  const side = (of: typeof few) => ({
    name: `${of.count} queued`,
    run: async () => p(await lookFor(of.server, paths.downloads(), 400), 0.5),
  });
  const { ratio } = await compare("\nms of the queue page, median", side(many), side(few), { pairs });
  judge("the page of a long queue against a short one's", ratio.median, "at most", 1.5);
  await lookFor(many.server, paths.downloads(), 3000);
  const grown = (rssOf(many.server) - many.rssBefore) / 1e6;
  judge("MB that the server with the long queue grew by meanwhile", grown, "at most", 50);
  for (const { server, data } of sides) {
    await server.stop();
    data.remove();
  }
}

/** One request after the other; the milliseconds of each. */
async function lookFor(server: Server, path: string, forMs: number): Promise<number[]> {
  const { token } = await tokenOf(server);
  const times: number[] = [];
  const endsAt = performance.now() + forMs;
  while (performance.now() < endsAt) {
    const startedAt = performance.now();
    const response = await fetch(server.origin + path, { headers: { cookie: `homereel=${token}` } });
    await response.text();
    if (response.status !== 200) throw new Error(`no page, but ${response.status}`);
    times.push(performance.now() - startedAt);
  }
  return times;
}

function tokenOf(server: Server): Promise<{ token: string }> {
  const known =
    tokens.get(server) ?? server.api<{ token: string }>("/api/v1/auth/refresh", { method: "POST" });
  tokens.set(server, known);
  return known;
}

function rssOf(server: Server): number {
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) * 1024;
}

/** Videos that are READY, without waiting for them. */
function fillShelf(dataDir: string): void {
  const db = openDatabase(dataDir);
  const owner = db.select().from(schema.users).get();
  const times = { createdAt: Date.now(), updatedAt: Date.now() };
  for (let i = 0; i < 60; i++) {
    const common = { id: newId(), ownerId: owner?.id ?? "", title: `Bench ${i}`, state: "READY" } as const;
    const media = { mime: "video/mp4", sizeBytes: 1e6, durationSeconds: 60 };
    db.insert(schema.videos)
      .values({ ...common, ...media, ...times })
      .run();
  }
  closeDatabase(db);
}

function p(values: readonly number[], share: number): number {
  if (share === 0.5) return Number(spread(values).median.toFixed(3));
  const sorted = values.toSorted((a, b) => a - b);
  return Number((sorted[Math.floor(sorted.length * share)] ?? Number.NaN).toFixed(3));
}

function judge(what: string, value: number, how: "at least" | "at most", goal: number): void {
  const met = how === "at least" ? value >= goal : value <= goal;
  console.log(`${what}: ${value.toFixed(2)}  goal ${how} ${goal}: ${met ? "met" : "MISSED"}`);
}
