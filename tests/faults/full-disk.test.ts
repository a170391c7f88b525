import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { openSync, rmSync, writeSync, closeSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { password } from "../fixtures/app.ts";
import { adminEmail, newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import { clipOfSize, metadata, tusRoot } from "../fixtures/uploads.ts";
import { startSite } from "../fixtures/site.ts";
import type { Site } from "../fixtures/site.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

/** A name space of mounts of its own, so that the data folder can be a small disk. */
const inSmallDisk = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"];
const mount = 'mount -t tmpfs -o size=600m tmpfs "$HOMEREEL_DATA_DIR" && exec "$0" "$@"';
const tryOut = newDataDir();
const { success: canMount } = Bun.spawnSync([...inSmallDisk, mount, "true"], {
  env: { ...process.env, HOMEREEL_DATA_DIR: tryOut.path },
  stdout: "ignore",
  stderr: "ignore",
});
tryOut.remove();

interface Download {
  id: string;
  video_id: string;
  state: string;
  error: { code: string } | null;
}

describe.skipIf(!canMount)("on a full disk", () => {
  const folder = newDataDir();
  let site: Site;
  let server: Server;
  /** The data folder as the server sees it. */
  let disk: string;
  let video: string;
  /** Half of it has come before the disk was full. */
  let upload: string;
  let film: Buffer<ArrayBuffer>;
  beforeAll(async () => {
    site = await startSite();
    const main = new URL("../../src/main.ts", import.meta.url).pathname;
    server = await startServer({
      dataDir: folder.path,
      argv: [...inSmallDisk, mount, process.execPath, main],
    });
    disk = join(`/proc/${server.pid}/root`, folder.path);
    const download = await start("/video.mp4");
    video = download.video_id;
    await until(async () => ((await see(download)).state === "done" ? true : null));
    film = clipOfSize(site.clip, 2_000_000);
    upload = (await tus("POST", tusRoot, announce(film.length))).headers.get("location") ?? "";
    expect((await sendPiece(0, 1_000_000)).status).toBe(204);
    fill();
  });
  afterAll(async () => {
    await server?.kill();
    await site?.stop();
    folder.remove();
  });

  const start = (path: string) =>
    server.api<Download>("/api/v1/downloads", {
      method: "POST",
      body: JSON.stringify({ url: site.url(path) }),
    });
  const see = ({ id }: Download) => server.api<Download>(`/api/v1/downloads/${id}`);

  async function tus(method: string, path: string, headers: Record<string, string>, body?: BodyInit) {
    token ??= (
      await server.api<{ token: string }>("/api/v1/auth/tokens", {
        method: "POST",
        body: JSON.stringify({ name: "uploads", scopes: ["read", "upload"] }),
      })
    ).token;
    const own = { authorization: `Bearer ${token}`, "tus-resumable": "1.0.0" };
    return fetch(server.origin + path, { method, headers: { ...own, ...headers }, body });
  }
  let token: string | null = null;
  const announce = (sizeBytes: number) => ({
    "upload-length": String(sizeBytes),
    "upload-metadata": metadata({ filename: "film.mp4" }),
  });
  const sendPiece = (from: number, to: number) =>
    tus(
      "PATCH",
      upload,
      { "upload-offset": String(from), "content-type": "application/offset+octet-stream" },
      film.subarray(from, to),
    );

  function fill(): void {
    const fd = openSync(join(disk, "fill"), "a");
    try {
      for (let size = 4_000_000; size >= 1; size = Math.floor(size / 4)) fillBy(fd, size);
    } finally {
      closeSync(fd);
    }
  }

  test("people can log in and watch", async () => {
    const login = await fetch(`${server.origin}/login`, {
      method: "POST",
      body: new URLSearchParams({ email: adminEmail, password }),
      redirect: "manual",
    });
    expect(login.status).toBe(303);
    const cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
    for (const path of ["/", "/downloads", `/videos/${video}`, `/videos/${video}/stream`]) {
      const answer = await fetch(server.origin + path, { headers: { cookie } });
      expect([path, answer.status]).toEqual([path, 200]);
      await answer.arrayBuffer();
    }
  });

  test("adding says so, and leaves no half of it", async () => {
    const before = await server.api<{ items: Download[] }>("/api/v1/downloads");
    const refused = await start("/video.mp4");
    expect(refused).toMatchObject({ status: 507, code: "storage_full" });
    const after = await server.api<{ items: Download[] }>("/api/v1/downloads");
    expect(after.items.map(({ id }) => id)).toEqual(before.items.map(({ id }) => id));
  });

  test("uploads say so, before their bytes, and those that were under way wait", async () => {
    const refused = await tus("POST", tusRoot, announce(1_000_000));
    expect([refused.status, await refused.json()]).toMatchObject([507, { code: "storage_full" }]);
    const whole = await tus("POST", "/api/v1/videos?filename=film.mp4", {}, film);
    expect([whole.status, await whole.json()]).toMatchObject([507, { code: "storage_full" }]);
    const piece = await sendPiece(1_000_000, film.length);
    expect([piece.status, await piece.json()]).toMatchObject([507, { code: "storage_full" }]);
    expect((await tus("HEAD", upload, {})).headers.get("upload-offset")).toBe("1000000");
  });

  test("deleting works and frees the space, and all goes on", async () => {
    expect(await server.api(`/api/v1/videos/${video}`, { method: "DELETE" })).toBeNull();
    await until(() => (readdirSync(join(disk, "storage")).includes("videos") ? null : true));
    rmSync(join(disk, "fill"));
    expect((await sendPiece(1_000_000, film.length)).status).toBe(204);
    const again = await start("/video.mp4");
    await until(async () => ((await see(again)).state === "done" ? true : null));
    // It would fit, but not twice beside what stays free.
    const tooLarge = await start("/big.mp4?mb=60");
    const failed = await until(async () => {
      const now = await see(tooLarge);
      return now.state === "failed" || now.state === "done" ? now : null;
    });
    expect(failed.error).toMatchObject({ code: "storage_full", remedy: "free_space" });
    expect(await server.stop()).toBe(0);
  });
});

function fillBy(fd: number, size: number): void {
  const bytes = Buffer.alloc(size);
  try {
    for (;;) if (writeSync(fd, bytes) < size) return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}
