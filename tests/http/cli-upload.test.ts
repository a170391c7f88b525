import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256OfFile } from "../../src/lib/sha256.ts";
import { password } from "../fixtures/app.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { startCommand } from "../fixtures/cli.ts";
import { adminEmail, newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

let home: ReturnType<typeof newDataDir>;
let data: ReturnType<typeof newDataDir>;
let server: Server;
/** Between us and the server: counts what goes it, and from the second piece on may hold it up until nobody waits for it. */
let road: Bun.Server<undefined>;
let isHeldUp = false;
let pieces = 0;
let film: string;
beforeAll(async () => {
  [home, data] = [newDataDir(), newDataDir()];
  server = await startServer({ dataDir: data.path });
  road = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const url = request.url.replace(road.url.origin, server.origin);
      if (request.method === "PATCH") {
        pieces++;
        if (isHeldUp && pieces > 1) {
          await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
          return new Response(null, { status: 499 });
        }
      }
      const body = request.body === null ? undefined : await request.bytes();
      return fetch(url, { method: request.method, headers: request.headers, body });
    },
  });
  film = join(home.path, "The long way home.mp4");
  mkdirSync(join(home.path, "homereel"), { recursive: true });
  await copyFile(await mp4Clip({ seconds: 16, width: 640, height: 360, fps: 25 }), film);
  const login = await homereel(["login", road.url.origin, "--email", adminEmail], `${password}\n`);
  expect(login).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await Promise.all([server.stop(), road.stop(true)]);
  home.remove();
  data.remove();
});

const start = (args: string[]) => startCommand(home.path, args);
const homereel = (args: string[], input = "") => startCommand(home.path, args, input).ended;

interface Upload {
  id: string;
  offset_bytes: number;
}

test("a file that is interrupted goes on where it was, and is the same on the server", async () => {
  isHeldUp = true;
  const wishes = ["--title", "Homewards", "--tags", "a, b", "--private"];
  const { child, ended } = start(["upload", film, ...wishes]);
  const uploads = () => server.api<{ items: Upload[] }>("/api/v1/uploads");
  const [first] = await until(async () => {
    const { items } = await uploads();
    return (items[0]?.offset_bytes ?? 0) > 0 ? items : null;
  });
  child.kill("SIGINT");
  expect(await ended).toMatchObject({
    code: 1,
    err: expect.stringContaining("The same command goes on where it was."),
  });
  isHeldUp = false;
  const { code, out, err } = await homereel(["upload", film, ...wishes, "--wait", "--json"]);
  expect([code, err]).toEqual([0, ""]);
  const [outcome] = JSON.parse(out) as { state: string; video_id: string }[];
  expect(outcome?.state).toBe("ready");
  expect((await uploads()).items.map(({ id }) => id)).toEqual([first?.id ?? ""]);
  expect(await server.api(`/api/v1/videos/${outcome?.video_id}`)).toMatchObject({
    title: "Homewards",
    tags: ["a", "b"],
    visibility: "private",
    sha256: await sha256OfFile(film),
  });
});

test("what is there already is not sent again, unless it is asked for", async () => {
  pieces = 0;
  const known = await homereel(["upload", film]);
  expect([known.code, pieces]).toEqual([0, 0]);
  expect(known.out).toStartWith(`There already: ${film}: ${road.url.origin}/videos/`);
  const again = await homereel(["upload", film, "--again"]);
  expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/^Sent /) });
  expect(again.err).toMatch(/^Sending The long way home\.mp4: 0 B of /);
  expect(pieces).toBeGreaterThan(0);
});

test("a file that is refused is said in a sentence, and holds up no other", async () => {
  const [words, copy] = [join(home.path, "words.mp4"), join(home.path, "copy.mp4")];
  writeFileSync(words, "Nothing but words.");
  await copyFile(film, copy);
  const empty = join(home.path, "empty.mp4");
  writeFileSync(empty, "");
  const { code, out, err } = await homereel(["upload", join(home.path, "none.mp4"), words, empty, copy]);
  expect(code).toBe(1);
  expect(err).toContain("empty.mp4: The file is empty.");
  expect(err).toContain("none.mp4: There is no such file.");
  expect(err).toMatch(/words\.mp4: \w.*\./);
  expect(err).not.toContain("    at ");
  expect(out).toContain(`Sent ${copy}: `);
  const told = await homereel(["upload", words, "--json"]);
  expect(JSON.parse(told.out)).toMatchObject([{ state: "refused", error: { retryable: false } }]);
});

test("called wrongly, or by nobody, it ends with a sentence", async () => {
  expect(await homereel(["upload"])).toMatchObject({ code: 2 });
  expect(await homereel(["upload", film, film, "--title", "Both"])).toMatchObject({ code: 2 });
  await homereel(["logout"]);
  expect(await homereel(["upload", film])).toMatchObject({
    code: 1,
    err: expect.stringContaining("Not logged in"),
  });
});
