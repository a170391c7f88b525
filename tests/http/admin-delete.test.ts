import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { EventName } from "../../src/events/events.ts";
import { countQueue } from "../../src/features/downloads/downloads.ts";
import { startDownloads } from "../../src/features/downloads/start.ts";
import { addImage, listImages } from "../../src/features/images/images.ts";
import { countVideosOf, updateVideo } from "../../src/features/videos/videos.ts";
import { dataFolder } from "../../src/lib/data-folder.ts";
import { form, openTestApp } from "../fixtures/app.ts";
import { addPerson, addVideo, sendingPicture } from "../fixtures/cast.ts";
import { jobRows } from "../fixtures/queue.ts";
import { startSite } from "../fixtures/site.ts";
import { until } from "../fixtures/until.ts";
import { openAdministration, personPath, problemOf, userPath } from "../fixtures/administration.ts";
import type { Administration, EventJson, List } from "../fixtures/administration.ts";

setDefaultTimeout(60_000);

let app: Administration["app"];
let ada: Administration["ada"];
let ben: Administration["ben"];
let call: Administration["call"];
let get: Administration["get"];
let people: Administration["people"];
let visit: Administration["visit"];
let isIn: Administration["isIn"];
let snapshot: Administration["snapshot"];
beforeEach(async () => {
  ({ app, ada, ben, call, get, people, visit, isIn, snapshot } = await openAdministration());
});
afterEach(() => app.close());

describe("a person is deleted", () => {
  const remove = (query: string) => call(userPath(ben) + query, { method: "DELETE" });
  const owners = () =>
    app.deps.db.$client
      .prepare("SELECT title, users.name FROM videos JOIN users ON users.id = owner_id ORDER BY title")
      .raw()
      .all();
  const filesOf = (id: string) => {
    const folder = join(dataFolder.storage(app.dataDir), "videos", id);
    return existsSync(folder) ? readdirSync(folder) : [];
  };

  function tell(): [EventName, unknown][] {
    const heard: [EventName, unknown][] = [];
    for (const name of ["video.deleted", "download.changed", "video.changed"] as const)
      app.deps.events.on(name, (event) => heard.push([name, event]));
    return heard;
  }

  test("with nothing: nobody asks", async () => {
    expect((await remove("")).status).toBe(204);
    expect(await isIn(ben)).toBe(false);
    expect((await people()).map(({ name }) => name)).toEqual(["ada"]);
    expect(await (await visit(personPath(ada))).text()).not.toContain("What becomes of the");
  });

  test("with videos only where it is said what becomes of them", async () => {
    addVideo(app, ben.user, "His");
    const before = snapshot();
    const refused = await remove("");
    expect(refused.status).toBe(409);
    expect(await problemOf(refused)).toMatchObject({ title: "ben has 1 video.", field: "videos" });
    const shown = await visit(`${personPath(ben)}/delete`, form({}));
    expect(shown.status).toBe(409);
    expect(await shown.text()).toContain("Say what becomes of them");
    expect((await remove("?videos=keep")).status).toBe(422);
    expect((await visit(`${personPath(ben)}/delete`, form({ videos: "keep" }))).status).toBe(422);
    expect(snapshot()).toBe(before);
  });

  test("whose pictures go where the videos go", async () => {
    const carl = await addPerson(app, "carl");
    const files = () => readdirSync(join(dataFolder.storage(app.dataDir), "images")).length;
    await addImage(app.deps, ben.user, sendingPicture("his.svg", "<svg>1</svg>"));
    expect(await problemOf(await remove(""))).toMatchObject({ title: "ben has 1 picture.", field: "videos" });
    expect(await (await visit(personPath(ben))).text()).toContain("What becomes of the picture?");
    expect((await remove(`?videos=hand_over&to=${carl.user.id}`)).status).toBe(204);
    const [picture] = listImages(app.deps, carl.user).items;
    expect(picture?.filename).toBe("his.svg");
    expect(files()).toBe(1);
    await app.start();
    expect((await call(`${userPath(carl)}?videos=delete`, { method: "DELETE" })).status).toBe(204);
    await until(() => !existsSync(join(dataFolder.storage(app.dataDir), "images")));
    expect(
      (await get<List<EventJson>>("/audit?action=account.delete")).items.map(({ detail }) => detail),
    ).toEqual(["1 picture deleted", "1 picture handed over to carl@example.org"]);
  });

  test("and never to somebody who can't keep them", async () => {
    addVideo(app, ben.user, "His");
    const viewer = await addPerson(app, "viewer", "viewer");
    const gone = await addPerson(app, "gone");
    await call(`${userPath(gone)}/disable`, { method: "POST" });
    const before = snapshot();
    for (const [to, words] of [
      [viewer.user.id, "viewer may watch only"],
      [gone.user.id, "gone is disabled"],
      [ben.user.id, "Choose who gets the videos."],
      ["none", "Choose who gets the videos."],
      ["", "Choose who gets the videos."],
    ]) {
      const refused = await remove(`?videos=hand_over&to=${to}`);
      expect(refused.status).toBe(422);
      expect(await problemOf(refused)).toMatchObject({
        code: "invalid_input",
        field: "to",
        title: expect.stringContaining(words ?? ""),
      });
      const shown = await visit(`${personPath(ben)}/delete`, form({ videos: "hand_over", to: to ?? "" }));
      expect(await shown.text()).toContain(words ?? "");
    }
    expect(snapshot()).toBe(before);
    const html = await (await visit(personPath(ben))).text();
    expect(html).toContain("ada (ada@example.org)");
    expect(html).not.toContain("viewer (viewer@example.org)");
    expect(html).not.toContain("gone (gone@example.org)");
  });

  test("whose videos are handed over, private ones and downloads too; what waits goes on", async () => {
    const carl = await addPerson(app, "carl");
    const secret = addVideo(app, ben.user, "Secret");
    updateVideo(app.deps, ben.user, secret, { visibility: "private" });
    const [download] = startDownloads(app.deps, ben.user, {
      urls: "https://example.org/x",
      title: "On its way",
    });
    const heard = tell();
    const answer = await visit(`${personPath(ben)}/delete`, form({ videos: "hand_over", to: carl.user.id }));
    expect(answer.headers.get("location")).toBe("/admin/people?done=deleted");
    expect(owners()).toEqual([
      ["On its way", "carl"],
      ["Secret", "carl"],
    ]);
    expect((await app.request(`/api/v1/videos/${secret}`, { as: carl.token })).status).toBe(200);
    const queue = (await (await app.request("/api/v1/downloads", { as: carl.token })).json()) as List<{
      id: string;
      state: string;
    }>;
    expect(queue.items).toMatchObject([{ id: download?.id, state: "waiting" }]);
    expect(jobRows(app.deps.db).map(({ name, state }) => [name, state])).toContainEqual(["probe", "ready"]);
    expect(filesOf(secret)).toEqual(["original.mp4"]);
    expect(heard).toEqual([["download.changed", { downloadId: download?.id, userId: carl.user.id }]]);
    expect((await get<List<EventJson>>("/audit?action=account.delete")).items).toMatchObject([
      {
        actor: { name: "ada" },
        subject: { name: "ben@example.org" },
        detail: "2 videos handed over to carl@example.org",
        address: "unknown",
      },
    ]);
  });

  test("whose videos are deleted: rows, downloads, jobs, and then the bytes", async () => {
    const ids = [addVideo(app, ben.user, "One"), addVideo(app, ben.user, "Two")];
    const hers = addVideo(app, ada.user, "Hers");
    updateVideo(app.deps, ben.user, ids[1] ?? "", { visibility: "private" });
    const [download] = startDownloads(app.deps, ben.user, { urls: "https://example.org/x" });
    const heard = tell();
    expect((await remove("?videos=delete")).status).toBe(204);
    expect(owners()).toEqual([["Hers", "ada"]]);
    expect(app.deps.db.$client.prepare("SELECT count(*) FROM downloads").pluck().get()).toBe(0);
    expect(jobRows(app.deps.db).map(({ name, state }) => [name, state])).toContainEqual([
      "probe",
      "cancelled",
    ]);
    const deleted = (videoId = "", wasPrivate = false) => [
      "video.deleted",
      { videoId, userId: ben.user.id, wasPrivate },
    ];
    expect(heard).toHaveLength(4);
    expect(heard).toEqual(
      expect.arrayContaining([
        deleted(ids[0]),
        deleted(ids[1], true),
        deleted(download?.videoId ?? ""),
        ["download.changed", { downloadId: download?.id, userId: ben.user.id }],
      ]),
    );
    for (const id of ids) expect(filesOf(id)).toEqual(["original.mp4"]);
    await app.start();
    await app.idle();
    for (const id of ids) expect(filesOf(id)).toEqual([]);
    expect(
      readdirSync(join(dataFolder.storage(app.dataDir), "thumbnails")).filter((id) => ids.includes(id)),
    ).toEqual([]);
    expect(filesOf(hers)).toEqual(["original.mp4"]);
    expect((await get<List<EventJson>>("/audit?action=account.delete")).items[0]?.detail).toBe(
      "3 videos deleted",
    );
  });

  test("while the download of theirs runs: it stops", async () => {
    const site = await startSite();
    const local = openTestApp({ HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "127.0.0.1/32" });
    try {
      const admin = await addPerson(local, "ada", "admin");
      const { user } = await addPerson(local, "ben");
      site.slowBytesPerSecond = 10_000;
      await local.start();
      const [download] = startDownloads(local.deps, user, { urls: site.url("/slow.mp4") });
      await until(() => (countQueue(local.deps).running === 1 && site.count("/slow.mp4") > 0 ? true : null));
      const path = `/api/v1/admin/users/${user.id}?videos=delete`;
      expect((await local.request(path, { as: admin.token, method: "DELETE" })).status).toBe(204);
      await local.idle();
      expect(countVideosOf(local.deps, [user.id]).size).toBe(0);
      // The folder goes right after the job.
      const folder = join(dataFolder.work(local.dataDir), download?.id ?? "");
      await until(() => (existsSync(folder) ? null : true));
    } finally {
      await local.close();
      await site.stop();
    }
  });

  test("or nothing is changed, where anything of it fails", async () => {
    addVideo(app, ben.user, "His");
    startDownloads(app.deps, ben.user, { urls: "https://example.org/x" });
    const heard = tell();
    app.deps.db.$client.exec(
      "CREATE TRIGGER refuse BEFORE DELETE ON users BEGIN SELECT RAISE(ABORT, 'not today'); END",
    );
    const before = snapshot();
    app.deps.log.level = "silent";
    for (const query of ["?videos=delete", `?videos=hand_over&to=${ada.user.id}`]) {
      expect((await remove(query)).status).toBe(500);
      expect(snapshot()).toBe(before);
    }
    expect(heard).toEqual([]);
    expect(await isIn(ben)).toBe(true);
  });
});
