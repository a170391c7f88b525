import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keepWorkFolder } from "../../src/exec/work-folder.ts";
import { receivedName } from "../../src/features/uploads/arrived.ts";
import { startUpload } from "../../src/features/uploads/uploads.ts";
import { addPendingVideo, failVideo, updateVideo } from "../../src/features/videos/videos.ts";
import { dataFolder } from "../../src/lib/data-folder.ts";
import { AppError } from "../../src/lib/errors.ts";
import type { ErrorCode } from "../../src/lib/errors.ts";
import { newId } from "../../src/lib/ids.ts";
import { form, openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson } from "../fixtures/cast.ts";
import type { Person } from "../fixtures/cast.ts";
import { mp4Clip, privateMov, secretsOfMov } from "../fixtures/media.ts";
import { addFailed as addFailedDownload, addReady, addSent, addWaiting } from "../fixtures/shelf.ts";

setDefaultTimeout(60_000);

let app: TestApp;
let ben: Person;
let cleo: Person;
let clip: string;
beforeEach(async () => {
  app = openTestApp();
  [ben, cleo] = [await addPerson(app, "ben"), await addPerson(app, "cleo")];
  clip = await mp4Clip({ seconds: 2 });
});
afterEach(() => app.close());

const call = (path: string, init: RequestInit = {}, as = ben.token) => app.request(path, { as, ...init });
const text = async (path: string, as = ben.token) => (await call(path, {}, as)).text();
async function video(id: string, as = ben.token): Promise<Record<string, unknown>> {
  return (await (await call(`/api/v1/videos/${id}`, {}, as)).json()) as Record<string, unknown>;
}

function addFailed(title: string): string {
  const id = addWaiting(app, ben.user, { title });
  failVideo(app.deps, id, new AppError("not_a_video", "This is not a video that can be read."));
  return id;
}

describe("my videos", () => {
  test("are one's own, newest first, each with what is to be known of it", async () => {
    await addSent(app, ben.user, clip, "First one.mp4");
    await addSent(app, cleo.user, await mp4Clip({ seconds: 3 }), "Not mine.mp4");
    const second = await addSent(app, ben.user, await mp4Clip({ seconds: 4 }), "Second one.mp4", {
      visibility: "private",
    });
    const page = await text("/mine");
    expect(page).not.toContain("Not mine");
    expect(page.indexOf("Second one")).toBeLessThan(page.indexOf("First one"));
    const row = page.slice(page.indexOf(`id="mine-${second}"`), page.indexOf("First one"));
    for (const part of ["Ready", "0:04", "kB", "Private", `/videos/${second}/file`, "/2.jpg"])
      expect(row).toContain(part);
  });

  test("are filtered by their state", async () => {
    await addSent(app, ben.user, clip, "Done.mp4");
    addWaiting(app, ben.user, { title: "Under way" });
    addFailed("Broken");
    const shown = async (state: string) => {
      const page = await text(`/mine?state=${state}`);
      return ["Done.mp4", "Under way", "Broken"].filter((title) => page.includes(title));
    };
    expect(await shown("")).toEqual(["Done.mp4", "Under way", "Broken"]);
    expect(await shown("ready")).toEqual(["Done.mp4"]);
    expect(await shown("processing")).toEqual(["Under way"]);
    expect(await shown("failed")).toEqual(["Broken"]);
    expect(await shown("nonsense")).toEqual(["Done.mp4", "Under way", "Broken"]);
  });

  test("go on where the page ends, by a link or as rows for scripts", async () => {
    for (let i = 1; i <= 31; i++) addWaiting(app, ben.user, { title: `Number ${i}.` });
    const first = await text("/mine?state=processing");
    const next = /href="(\/mine\?[^"]*cursor[^"]*)"/.exec(first)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect(first).not.toContain("Number 1.");
    const whole = await text(next);
    expect(whole).toContain("<h1>My videos</h1>");
    expect(whole).toContain("Number 1.");
    const rows = await (await call(next, { headers: { "hx-request": "true" } })).text();
    expect(rows).toStartWith("<article");
    expect(rows).toContain("Number 1.");
  });

  test("say what to do where there are none", async () => {
    expect(await text("/mine")).toContain("You have no videos yet");
    const viewer = await addPerson(app, "vera", "viewer");
    const page = await text("/mine", viewer.token);
    expect(page).toContain("You can watch what others put on the shelf.");
    expect(page).not.toContain("Send a file");
  });
});

describe("a video that failed", () => {
  /** In their order, as its own page and its row have them; what is but hinted at in brackets. */
  const offers = async (id: string, as = ben.token) => {
    const [, headline = ""] = (await text(`/videos/${id}`, as)).split(/id="headline"|class="columns"/);
    const [, row = ""] = (await text("/mine", as)).split(`id="mine-${id}"`);
    return [headline, row.split("</article>")[0] ?? ""].map((part) =>
      [...part.matchAll(/<(?:a|button)[^>]*class="button (\w+)[^>]*>(.*?)<\/(?:a|button)>/gs)].map(
        ([button, kind, inner = ""]) => {
          const words = /aria-label="([^":]*)/.exec(button)?.[1] ?? inner.replaceAll(/<[^>]*>/g, "");
          return kind === "quiet" ? `(${words})` : words;
        },
      ),
    );
  };
  const failed = (sourceUrl: string | null, code: ErrorCode) => {
    const input = { title: "Broken", sourceUrl, sourceSite: null, visibility: "library" } as const;
    const id = addPendingVideo(app.deps, ben.user, { ...input, tags: [] });
    failVideo(app.deps, id, new AppError(code, "It failed."));
    return id;
  };
  const film = "https://example.org/film";

  test("offers what helps: a sent file is gone, and what is no video stays none", async () => {
    const both = (...best: string[]) => [
      [...best, "Delete"],
      [...best, "(Delete)"],
    ];
    expect(await offers(failed(null, "not_a_video"))).toEqual(both("Send another file"));
    expect(await offers(failed(null, "tool_failed"))).toEqual(both("Send the file again"));
    expect(await offers(failed(film, "not_a_video"))).toEqual([["Delete"], ["Delete"]]);
    expect(await offers(failed(film, "tool_failed"))).toEqual(both("Try again"));
    expect(await offers(failed(film, "needs_cookies"))).toEqual(both("Try again"));
    const anyway = ["Delete", "(Try again anyway)"];
    expect(await offers(failed(film, "video_gone"))).toEqual([anyway, anyway]);
  });

  test("leads to the space that it takes, but not from where that is", async () => {
    const [page, row] = await offers(failed(film, "storage_full"));
    expect(page).toEqual(["Free space", "Try again", "Delete"]);
    expect(row).toEqual(["Try again", "(Delete)"]);
  });

  test("is tried again or deleted from its row, and leads back to it", async () => {
    const { id, videoId } = addFailedDownload(app, ben.user, { title: "Film" });
    const send = (path: string, fields: Record<string, string>) => call(path, form(fields));
    const answer = await send(`/videos/${videoId}/retry`, { next: "/mine" });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/mine"]);
    expect((await call(`/api/v1/downloads/${id}`)).status).toBe(200);
    expect(await video(videoId)).toMatchObject({ state: "PENDING", error: null });
    expect((await send(`/videos/${videoId}/retry`, {})).status).toBe(409);

    const broken = failed(film, "video_gone");
    const deleted = await send(`/videos/${broken}/delete`, { next: "/mine" });
    expect([deleted.status, deleted.headers.get("location")]).toEqual([303, "/mine"]);
    expect((await call(`/videos/${broken}`)).status).toBe(404);
  });

  test("leads nowhere else than back", async () => {
    const { videoId } = addFailedDownload(app, ben.user, { title: "Film" });
    const answer = await call(`/videos/${videoId}/retry`, form({ next: "https://evil.example/" }));
    expect(answer.headers.get("location")).toBe("/");
  });

  test("offers nothing to those who may only watch by now", async () => {
    const id = failed(film, "tool_failed");
    app.deps.db.$client.prepare("UPDATE users SET role = 'viewer' WHERE id = ?").run(ben.user.id);
    expect(await offers(id)).toEqual([[], []]);
  });

  test("says so to programs too", async () => {
    const errorOf = async (id: string) => (await video(id)).error;
    expect(await errorOf(failed(null, "tool_failed"))).toMatchObject({ retryable: false });
    expect(await errorOf(failed(film, "too_long"))).toMatchObject({ retryable: false });
    expect(await errorOf(failed(film, "site_unreachable"))).toMatchObject({ retryable: true });
  });

  test("offers nothing to those who may not change it", async () => {
    const page = await text(`/videos/${failed(null, "not_a_video")}`, cleo.token);
    expect(page).toContain("It failed.");
    expect(page).not.toContain("Send another file");
  });
});

describe("a file comes back", () => {
  const saved = async (id: string) => (await call(`/videos/${id}/file`)).headers.get("content-disposition");

  test("under the name that it was sent with, and in parts", async () => {
    const id = await addSent(app, ben.user, clip, "Größe – Film (1).MP4");
    updateVideo(app.deps, ben.user, id, { title: "Another title" });
    expect(await saved(id)).toBe(
      `attachment; filename="Gro_e _ Film (1).MP4"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%E2%80%93%20Film%20%281%29.MP4`,
    );
    const part = await call(`/videos/${id}/file`, { headers: { range: "bytes=1000-" } });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer()).equals(readFileSync(clip).subarray(1000))).toBe(true);
  });

  test("under the title where it came from a site", async () => {
    const id = await addReady(app, ben.user, clip, { title: "From a site" });
    updateVideo(app.deps, ben.user, id, { title: "Another title" });
    expect(await saved(id)).toBe('attachment; filename="Another title.mp4"');
  });
});

describe("the same file again", () => {
  test("is known by its checksum, to its owner on the pages and to programs", async () => {
    const older = await addReady(app, cleo.user, clip, { title: "Cleo's" });
    const mine = await addSent(app, ben.user, clip, "Mine.mp4");
    expect(await video(mine)).toMatchObject({ same_as: older });
    expect(await video(older)).toMatchObject({ same_as: null });
    for (const path of ["/mine", `/videos/${mine}`]) {
      const page = await text(path);
      expect(page).toContain("The same file is on the shelf already");
      expect(page).toContain("Cleo&#39;s");
    }
    expect(await text(`/videos/${mine}`, cleo.token)).not.toContain("The same file");
  });

  test("says nothing of what somebody may not see", async () => {
    await addSent(app, cleo.user, clip, "Secret.mp4", { visibility: "private" });
    const mine = await addSent(app, ben.user, clip, "Mine.mp4");
    expect(await video(mine)).toMatchObject({ same_as: null });
    expect(await text("/mine")).not.toContain("Secret");
    // The oldest of those that can be seen.
    const third = await addSent(app, ben.user, clip, "Third.mp4");
    expect(await video(third)).toMatchObject({ same_as: mine });
  });

  test("can be deleted where it is found", async () => {
    await addReady(app, cleo.user, clip, { title: "Cleo's" });
    const mine = await addSent(app, ben.user, clip, "Mine.mp4");
    const gone = await call(`/videos/${mine}/delete`, form({ next: "/mine" }));
    expect([gone.status, gone.headers.get("location")]).toEqual([303, "/mine"]);
    expect((await call(`/videos/${mine}`)).status).toBe(404);
  });
});

describe("what a camera wrote into a file", () => {
  test("says when it was recorded, and nothing else of it gets to a page, an answer or the database", async () => {
    const id = await addSent(app, ben.user, await privateMov(), "Walk.mov");
    const after = await video(id);
    expect(after).toMatchObject({ recorded_at: "2024-03-14T15:09:26.000Z", mime: "video/mp4" });
    const page = await text(`/videos/${id}`);
    expect(page).toContain("14 March 2024");
    app.deps.db.$client.pragma("wal_checkpoint(TRUNCATE)");
    const everything = [
      page,
      await text("/mine"),
      JSON.stringify(after),
      readFileSync(join(app.dataDir, "homereel.sqlite"), "latin1"),
      // What plays is a copy without it.
      Buffer.from(await (await call(`/videos/${id}/stream`)).arrayBuffer()).toString("latin1"),
      Buffer.from(await (await call(`/thumbnails/${id}/poster.jpg`)).arrayBuffer()).toString("latin1"),
    ];
    for (const secret of secretsOfMov)
      expect([secret, everything.map((one) => one.includes(secret))]).toEqual([
        secret,
        everything.map(() => false),
      ]);
    // The file itself is as it came.
    const original = Buffer.from(await (await call(`/videos/${id}/file`)).arrayBuffer());
    expect(original.equals(readFileSync(await privateMov()))).toBe(true);
  });

  test("is not believed of what came from a site", async () => {
    const mov = join(app.dataDir, "site.mov");
    copyFileSync(await privateMov(), mov);
    const id = await addReady(app, ben.user, mov, { title: "From a site" });
    expect(await video(id)).toMatchObject({ recorded_at: null });
    expect(await text(`/videos/${id}`)).not.toContain("Recorded");
  });
});

test("a page that was open before a file was replaced is not given the middle of another", async () => {
  const id = await addSent(app, ben.user, clip, "Mine.mp4");
  const page = await text(`/videos/${id}`);
  const stream = /src="(\/videos\/[^"]+\/stream\?v=\w+)"/.exec(page)?.[1] ?? "";
  expect((await call(stream, { headers: { range: "bytes=0-99" } })).status).toBe(206);
  expect((await call(`/videos/${id}/stream?v=00000000`)).status).toBe(404);
  expect((await call(`/videos/${id}/stream`)).status).toBe(200);
});

describe("what is on its way", () => {
  test("is shown above, with how much of it is here, and can be forgotten", async () => {
    const [upload, theirs] = [newId(), newId()];
    startUpload(app.deps, ben.user, { id: upload, sizeBytes: 90_000, wishes: { filename: "Half.mov" } });
    startUpload(app.deps, cleo.user, { id: theirs, sizeBytes: 90_000, wishes: { filename: "Theirs.mov" } });
    const folder = await keepWorkFolder(dataFolder.work(app.dataDir), upload);
    writeFileSync(join(folder, receivedName), Buffer.alloc(45_000));
    const page = await text("/mine");
    for (const part of ["Half.mov", "45 kB of 90 kB", 'value="50"', "Waiting for the rest"])
      expect(page).toContain(part);
    expect(page).not.toContain("Theirs.mov");
    expect((await call(`/uploads/${theirs}/cancel`, form({}))).status).toBe(404);
    const answer = await call(`/uploads/${upload}/cancel`, form({}));
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/mine"]);
    expect(await text("/mine")).not.toContain("Half.mov");
    expect(existsSync(folder)).toBe(false);
  });

  test("counts as space used, of what there is for this person", async () => {
    await addSent(app, ben.user, clip, "Mine.mp4");
    expect(await text("/mine")).toMatch(/\d+ kB used</);
    app.deps.db.$client.prepare("UPDATE users SET quota_bytes = 5000000 WHERE id = ?").run(ben.user.id);
    expect(await text("/mine")).toMatch(/\d+ kB used, 4\.\d MB of 5 MB left/);
  });
});
