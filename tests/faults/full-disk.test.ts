import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { openSync, rmSync, writeSync, closeSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { password } from "../fixtures/app.ts";
import { adminEmail, newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
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

  test("deleting works and frees the space, and all goes on", async () => {
    expect(await server.api(`/api/v1/videos/${video}`, { method: "DELETE" })).toBeNull();
    await until(() => (readdirSync(join(disk, "storage")).includes("videos") ? null : true));
    rmSync(join(disk, "fill"));
    const again = await start("/video.mp4");
    await until(async () => ((await see(again)).state === "done" ? true : null));
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
