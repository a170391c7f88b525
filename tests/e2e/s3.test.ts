import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { addPendingVideo, ingestLater } from "../../src/features/videos/videos.ts";
import { openTestApp } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { openBrowser, visit } from "../fixtures/browser.ts";
import type { Visit } from "../fixtures/browser.ts";
import { logInOn } from "../fixtures/log-in.ts";
import { makeClip } from "../fixtures/media.ts";
import { hasMinio, s3Settings, startMinio } from "../fixtures/minio.ts";
import type { Minio } from "../fixtures/minio.ts";
import { openFaultyS3, s3Failure } from "../fixtures/s3-faults.ts";
import type { FaultyS3 } from "../fixtures/s3-faults.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(90_000);

describe.skipIf(!hasMinio)("a browser, with the videos in a bucket", () => {
  let minio: Minio;
  let bucket: FaultyS3;
  let app: TestApp;
  let server: Bun.Server<undefined>;
  let browser: Browser;
  let guest: Visit;
  let id: string;
  let streamsAsked = 0;
  beforeAll(async () => {
    [minio, browser] = await Promise.all([startMinio(), openBrowser()]);
    bucket = openFaultyS3(minio.endpoint);
    app = openTestApp({
      ...s3Settings(await minio.newBucket()),
      HOMEREEL_STORAGE_S3_ENDPOINT: bucket.endpoint,
    });
    await app.start();
    await app.join("owner");
    server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request, self) => {
        if (new URL(request.url).pathname.endsWith("/stream")) streamsAsked += 1;
        return app.router.fetch(request, self);
      },
    });
    id = await addVideo();
    guest = await visit(browser, server.url.origin);
    await logInOn(guest.page, "owner@example.org");
  });
  afterAll(async () => {
    await guest.close();
    await browser.close();
    await server.stop(true);
    await app.close();
    await bucket.close();
    await minio.close();
  });

  async function addVideo(): Promise<string> {
    const user = app.deps.db.query.users.findFirst().sync();
    if (!user) throw new Error("no user");
    const video = { title: "A clip", sourceUrl: null, sourceSite: null, tags: [] };
    const added = app.deps.db.transaction(() => addPendingVideo(app.deps, user, video));
    const folder = join(app.dataDir, "work", added);
    mkdirSync(folder);
    writeFileSync(join(folder, "original.mp4"), await Bun.file(await heavyClip()).bytes());
    const arrived = { folder: added, file: "original.mp4", filename: "clip.mp4" };
    app.deps.db.transaction(() => ingestLater(app.deps, { id: added, ownerId: user.id }, arrived));
    const row = () =>
      app.deps.db.query.videos.findFirst({ where: (one, { eq }) => eq(one.id, added) }).sync();
    await until(() => (row()?.state === "READY" ? true : null));
    return added;
  }

  test("shows the pictures of the gallery, under the pages' strict policy", async () => {
    await guest.page.goto("/");
    const picture = guest.page.locator(`#video-${id} img`).first();
    await until(async () =>
      (await picture.evaluate((one: HTMLImageElement) => one.naturalWidth)) > 0 ? true : null,
    );
    expect(guest.complaints).toEqual([]);
  });

  test("hears on an open page that the bucket is away, and that it is back", async () => {
    const { page } = guest;
    await page.goto("/account");
    await page.evaluate(() => Object.assign(window, { isSamePage: true }));
    const notice = page.locator("#page-notice");
    expect(await notice.isVisible()).toBe(false);
    bucket.setFault(() => s3Failure(403, "AccessDenied"));
    await app.deps.storageHealth.lookNow();
    await notice.getByText("The storage can't be reached right now. Nothing is lost").waitFor();
    // What is loaded meanwhile says it as well, and loses it all the same.
    await page.goto("/downloads");
    await page.evaluate(() => Object.assign(window, { isSamePage: true }));
    expect(await notice.isVisible()).toBe(true);
    bucket.setFault(null);
    await app.deps.storageHealth.lookNow();
    await notice.waitFor({ state: "hidden" });
    expect(await page.evaluate(() => "isSamePage" in window)).toBe(true);
  });

  test("plays, and goes on when the bucket no longer takes the address that it holds", async () => {
    const { page } = guest;
    await page.clock.install();
    await page.goto(`/videos/${id}`);
    await page.waitForFunction(() => (document.querySelector("video")?.readyState ?? 0) > 0);
    const goodFrom = streamsAsked + 1;
    bucket.setFault((request, forward) => {
      const isOld = request.url.includes("/videos/") && streamsAsked < goodFrom;
      return isOld ? s3Failure(403, "AccessDenied") : forward();
    });
    await page.clock.fastForward("16:00");
    // Too far for what it has already.
    await page.evaluate(() => {
      const video = document.querySelector("video") as HTMLVideoElement;
      video.currentTime = video.duration - 0.5;
      void video.play();
    });
    await page.waitForFunction(() => document.querySelector("video")?.ended === true);
    expect(streamsAsked).toBe(goodFrom);
  });
});

/** So many bytes a second that a browser doesn't fetch it all at once. */
function heavyClip(): Promise<string> {
  const noise = ["-f", "lavfi", "-i", "testsrc2=s=1280x720:r=10:d=6,noise=alls=80:allf=t"];
  const heavy = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "10", "-pix_fmt", "yuv420p", "-g", "5"];
  return makeClip("mp4", ...noise, ...heavy, "-movflags", "+faststart");
}
