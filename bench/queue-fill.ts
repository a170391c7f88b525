import type { Database } from "../src/db/open.ts";
import { downloads, jobs, users, videos } from "../src/db/schema.ts";
import { newId } from "../src/lib/ids.ts";

/** Downloads that wait, from a few sites, all of the first person there is. Returns their ids. */
export function fillQueue(db: Database, count: number): string[] {
  const owner = db.select().from(users).get();
  if (!owner) throw new Error("there is nobody whose downloads they could be");
  const times = { createdAt: Date.now(), updatedAt: Date.now() };
  return db.transaction(() =>
    Array.from({ length: count }, (_, i) => {
      const [id, videoId] = [newId(), newId()];
      const site = `site-${i % 7}.example.org`;
      const url = `https://${site}/watch/${i}`;
      const title = `Queued ${i}`;
      const video = { id: videoId, ownerId: owner.id, title, sourceUrl: url, state: "PENDING" as const };
      db.insert(videos)
        .values({ ...video, ...times })
        .run();
      const waiting = { state: "waiting" as const, lane: "short" as const, site, url };
      db.insert(downloads)
        .values({ id, userId: owner.id, videoId, ...waiting, ...times })
        .run();
      const limits = { maxAttempts: 4, deadlineMs: 900_000, runAt: times.createdAt };
      const job = { name: "probe", lane: "short" as const, state: "ready" as const, uniqueKey: id };
      const payload = JSON.stringify({ downloadId: id, deadlineMs: 900_000 });
      db.insert(jobs)
        .values({ ...job, ...limits, payload, userId: owner.id, groupKey: site, createdAt: times.createdAt })
        .run();
      return id;
    }),
  );
}
