import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { migrate } from "../../src/db/migrate.ts";
import { openDatabase } from "../../src/db/open.ts";
import type { DownloadState } from "../../src/db/schema.ts";
import { countDownloads, pageOfDownloads } from "../../src/features/downloads/queries.ts";
import { pageOfVideos, tagsInUse } from "../../src/features/videos/queries-shelf.ts";

// What large shelves are asked in a quick way is held against the plain way to ask the same.

const db = openDatabase(":memory:");
const sqlite = db.$client;
const users = ["ann", "bob"];
const videoStates = ["PENDING", "PROCESSING", "READY", "FAILED"];
const ownStates: DownloadState[] = ["waiting", "probing", "fetching", "failed", "cancelled", "done"];
const states: DownloadState[] = [...ownStates, "ingesting"];

/** From 0 up to n, in no order that fits another. */
const mixed = (i: number, n: number) => Math.floor((((i * 2_654_435_761) >>> 0) / 2 ** 32) * n);

beforeAll(() => {
  migrate(db, null);
  const user = sqlite.prepare(
    "INSERT INTO users (id, email, name, role, password_hash, created_at, updated_at) VALUES (?, ?, ?, 'user', '', 0, 0)",
  );
  const video = sqlite.prepare(
    "INSERT INTO videos (id, owner_id, title, state, visibility, created_at, updated_at) VALUES (?, ?, '', ?, ?, 0, 0)",
  );
  const tag = sqlite.prepare("INSERT INTO tags (name) VALUES (?)");
  const carries = sqlite.prepare("INSERT INTO video_tags VALUES (?, ?)");
  const download = sqlite.prepare(
    "INSERT INTO downloads (id, user_id, video_id, url, state, lane, created_at, updated_at) VALUES (?, ?, ?, '', ?, 'short', 0, 0)",
  );
  sqlite.transaction(() => {
    for (const id of users) user.run(id, id, id);
    for (const name of ["every", "half", "third", "rare", "hidden", "unused"]) tag.run(name);
    for (let i = 0; i < 400; i++) {
      const owner = users[i % 2];
      const hidden = i % 7 === 0;
      video.run(`v${i}`, owner, videoStates[(i >> 1) % 4], hidden ? "private" : "library");
      const tags = [true, i % 2 === 0, i % 3 === 0, i === 77 || i === 200, hidden];
      tags.forEach((has, n) => has && carries.run(`v${i}`, n + 1));
      // Handed over: as far as its video. That is PENDING only until then.
      const handedOver = mixed(i, 3) > 0 && videoStates[(i >> 1) % 4] !== "PENDING";
      download.run(
        `d${i}`,
        owner,
        `v${i}`,
        handedOver ? "ingesting" : ownStates[mixed(i + 1000, ownStates.length)],
      );
    }
  })();
});
afterAll(() => sqlite.close());

const presentState = `CASE WHEN d.state = 'ingesting' AND v.state = 'READY' THEN 'done'
  WHEN d.state = 'ingesting' AND v.state = 'FAILED' THEN 'failed' ELSE d.state END`;

function plainly(userId: string | null, wanted: readonly DownloadState[], before: number): string[] {
  return sqlite
    .prepare<unknown[], string>(
      `SELECT d.id FROM downloads d LEFT JOIN videos v ON v.id = d.video_id
       WHERE ${presentState} IN (SELECT value FROM json_each(@wanted)) AND (@userId IS NULL OR d.user_id = @userId)
       AND d.seq < @before ORDER BY d.seq DESC`,
    )
    .pluck()
    .all({ wanted: JSON.stringify(wanted), userId, before });
}

describe("downloads in a state", () => {
  const groups: DownloadState[][] = [...states.map((one) => [one]), ["failed", "cancelled"], states];
  test.each(groups.map((group) => [group.join(", "), group] as const))("%s", (_, wanted) => {
    for (const userId of [null, ...users]) {
      const all = plainly(userId, wanted, 1e9);
      expect(countDownloads(db, userId, wanted)).toBe(all.length);
      expect(all.length).toBeGreaterThan(0);
      for (const before of [null, 150]) {
        const page = pageOfDownloads(db, { userId, states: wanted }, 20, before);
        expect(page.map((row) => row.download.id)).toEqual(
          plainly(userId, wanted, before ?? 1e9).slice(0, 20),
        );
        expect(page.every((row) => wanted.includes(row.state))).toBe(true);
      }
    }
  });
});

const mayBeSeen = (visibleTo: string | null) => (i: number) =>
  visibleTo === null || i % 7 !== 0 || users[i % 2] === visibleTo;

describe("tags", () => {
  const carriedBy: Record<string, (i: number) => boolean> = {
    every: () => true,
    half: (i) => i % 2 === 0,
    third: (i) => i % 3 === 0,
    rare: (i) => i === 77 || i === 200,
    hidden: (i) => i % 7 === 0,
  };
  const numbers = Array.from({ length: 400 }, (_, i) => i);

  test.each([null, "ann", "bob", "nobody"])("are counted as %s may see them", (visibleTo) => {
    const seen = numbers.filter(mayBeSeen(visibleTo));
    const counts = Object.entries(carriedBy)
      .map(([name, has]) => ({ name, count: seen.filter(has).length }))
      .filter(({ count }) => count > 0)
      .toSorted((a, b) => b.count - a.count || a.name.localeCompare(b.name));
    expect(tagsInUse(db, visibleTo, 10)).toEqual(counts);
  });

  const questions = ["every", "half", "rare", "every half", "rare half", "third half", "unused", "none"];
  test.each(questions)("%s: the newest videos that carry all of them", (question) => {
    const tags = question.split(" ");
    for (const visibleTo of [null, "ann"]) {
      const filter = { q: "", tags, visibleTo };
      const expected = numbers
        .filter(mayBeSeen(visibleTo))
        .filter((i) => tags.every((tag) => carriedBy[tag]?.(i) ?? false))
        .toReversed();
      const found = pageOfVideos(db, filter, 1000, null).map((row) => row.video.id);
      expect(found).toEqual(expected.map((i) => `v${i}`));
      expect(pageOfVideos(db, filter, 1000, 100).length).toBe(expected.filter((i) => i < 99).length);
    }
  });
});
