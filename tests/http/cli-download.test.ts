import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { password } from "../fixtures/app.ts";
import { startCommand } from "../fixtures/cli.ts";
import { adminEmail, newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import { startSite } from "../fixtures/site.ts";
import type { Site } from "../fixtures/site.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

let home: ReturnType<typeof newDataDir>;
let data: ReturnType<typeof newDataDir>;
let server: Server;
let site: Site;
beforeAll(async () => {
  [home, data] = [newDataDir(), newDataDir()];
  [server, site] = await Promise.all([
    startServer({ dataDir: data.path, settings: { HOMEREEL_DOWNLOADS_PER_SITE_CONCURRENCY: "8" } }),
    startSite(),
  ]);
  const login = await homereel(["login", server.origin, "--email", adminEmail], `${password}\n`);
  expect(login).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await Promise.all([server.stop(), site.stop()]);
  home.remove();
  data.remove();
});

const start = (args: string[]) => startCommand(home.path, args);
const homereel = (args: string[], input = "") => startCommand(home.path, args, input).ended;

interface Listed {
  id: string;
  video_id: string;
  url: string;
  title: string;
  state: string;
}

const newest = async () => {
  const { items } = await server.api<{ items: Listed[] }>("/api/v1/downloads?limit=1");
  return items[0];
};

describe("homereel download", () => {
  test("queues an address with what was wished, and does not wait", async () => {
    site.slowBytesPerSecond = 20_000;
    const wishes = ["--title", "Mine", "--tags", "a, b", "--private", "--long", "--format", "720p"];
    const { code, out } = await homereel(["download", site.url("/slow.mp4"), ...wishes]);
    const download = await newest();
    expect([code, out]).toEqual([0, `Queued ${download?.id} ${site.url("/slow.mp4")}\n`]);
    expect(await server.api(`/api/v1/videos/${download?.video_id}`)).toMatchObject({
      title: "Mine",
      tags: ["a", "b"],
      visibility: "private",
    });
    expect(["waiting", "probing", "fetching"]).toContain(download?.state ?? "");
    await server.api(`/api/v1/downloads/${download?.id}/cancel`, { method: "POST" });
  });

  test("--wait stays until it is ready, and says each step where there is no terminal", async () => {
    const { code, out, err } = await homereel(["download", site.url("/page"), "--wait"]);
    expect([code, err.includes("\u001b")]).toEqual([0, false]);
    expect(out).toContain("Done: A page with a clip");
    expect(err).toMatch(/^(Waiting|Looking|Downloading|Finishing): /);
  });

  test("--wait follows the videos of a playlist, and --json says how all of them ended", async () => {
    const { code, out } = await homereel(["download", site.url("/feed.rss"), "--wait", "--json"]);
    const all = JSON.parse(out) as Listed[];
    expect(code).toBe(0);
    expect(all.map(({ state, title }) => `${title} ${state}`)).toEqual([
      "A feed of clips done",
      "Episode 1 done",
      "Episode 2 done",
      "Episode 3 done",
    ]);
  });

  test("a failure while it waits is said, with the exit code 1", async () => {
    const { code, out } = await homereel(["download", site.url("/gone.mp4"), "--wait"]);
    expect([code, out]).toEqual([1, expect.stringContaining(`Failed: ${site.url("/gone.mp4")}: `)]);
  });

  test("Ctrl-C while it waits leaves the download running", async () => {
    site.slowBytesPerSecond = 15_000;
    const { child, ended } = start(["download", site.url("/slow.mp4?stays"), "--wait"]);
    await until(async () => ((await newest())?.state === "fetching" ? true : null));
    child.kill("SIGINT");
    const { code, err } = await ended;
    expect([code, err]).toEqual([1, expect.stringContaining("goes on downloading on the server")]);
    const download = await newest();
    expect(download).toMatchObject({ url: site.url("/slow.mp4?stays") });
    expect(["fetching", "ingesting", "done"]).toContain(download?.state ?? "");
  });
});

describe("homereel download --file", () => {
  test("takes a list with comments, and one bad line holds up no other", async () => {
    const lines = Array.from({ length: 30 }, (_, i) => site.url(`/gone.mp4?line=${i}`));
    const list = `\uFEFF# mine\r\n\r\n${lines.slice(0, 3).join("\r\n")}\r\nnonsense\r\n  ${lines.slice(3).join("\n")}\n`;
    const file = join(home.path, "list.txt");
    await Bun.write(file, list);
    const { code, out, err } = await homereel(["download", "--file", file, "--pace", "0"]);
    expect(
      out
        .trimEnd()
        .split("\n")
        .map((line) => line.split(" ")[2]),
    ).toEqual(lines);
    expect([code, err]).toEqual([
      1,
      "nonsense: This isn't a valid link. Copy the whole link from the browser, starting with https://.\n",
    ]);
  });

  test("reads the standard input too", async () => {
    const { code, out } = await homereel(
      ["download", "--file", "-", "--json"],
      `${site.url("/gone.mp4?in")}\n`,
    );
    expect([code, (JSON.parse(out) as Listed[]).map(({ url }) => url)]).toEqual([
      0,
      [site.url("/gone.mp4?in")],
    ]);
  });
});

test("homereel jobs retry starts again what may pass and says what it left out; remove takes it off the list", async () => {
  const listed = async () => (await server.api<{ items: Listed[] }>("/api/v1/downloads?limit=200")).items;
  // They would be waited for.
  for (const { id } of await listed()) await server.api(`/api/v1/downloads/${id}/cancel`, { method: "POST" });
  const [hopeless = "", refused = ""] = ["/text.mp4", "/private.mp4"].map((path) => site.url(path));
  await homereel(["download", hopeless, refused, "--pace", "0"]);
  const failed = (url: string) =>
    until(async () => (await listed()).find((one) => one.url === url && one.state === "failed") ?? null);
  const { id } = await failed(hopeless);
  const { id: other } = await failed(refused);
  expect(await homereel(["jobs", "retry", "--failed"])).toEqual({
    code: 0,
    out: expect.stringMatching(
      /^[1-9]\d* started again\. Left out: [1-9]\d*, which would fail again in the same way\.\n$/,
    ),
    err: "",
  });
  await failed(refused);
  const [started, said] = [
    `Started again ${other}\n`,
    `${id}: This download would fail again in the same way.`,
  ];
  expect(await homereel(["jobs", "retry", id, other])).toEqual({
    code: 1,
    out: started,
    err: expect.stringMatching(new RegExp(`^${said} Send the file .*\n1 of 2 left out.\n$`)),
  });
  const asJson = await homereel(["jobs", "retry", id, "--json"]);
  expect([asJson.code, JSON.parse(asJson.out)]).toMatchObject([1, [{ id, state: null }]]);
  expect((await homereel(["jobs", "retry"])).code).toBe(2);

  await failed(refused);
  expect(await homereel(["jobs", "remove", id, "none", other])).toEqual({
    code: 1,
    out: `Removed ${id}\nRemoved ${other}\n`,
    err: expect.stringMatching(/^none: There is no such download\. .*\n1 of 3 left out\.\n$/),
  });
  expect((await listed()).filter((one) => [id, other].includes(one.id))).toEqual([]);
  expect((await homereel(["jobs", "remove"])).code).toBe(2);
  await homereel(["download", hopeless, "--pace", "0"]);
  const { id: last } = await failed(hopeless);
  expect(await homereel(["jobs", "remove", "--failed"])).toEqual({
    code: 0,
    out: expect.stringMatching(/^[1-9]\d* removed\.\n$/),
    err: "",
  });
  expect((await listed()).some((one) => one.id === last)).toBe(false);
});

test("what goes wrong is said in a sentence", async () => {
  const url = "http://example.org/v.mp4";
  const cases: [args: string[], code: number, says: string][] = [
    [[], 2, "Give an address"],
    [[url, "--format", "worst"], 2, "--format worst: accepted is everywhere, best"],
    [[url, url, "--title", "Both"], 2, "--title is for one video"],
    [[url, "--pace", "soon"], 2, "--pace soon"],
    [["--exec", "x", url], 2, "--exec"],
    [["--file", join(home.path, "none.txt")], 1, "can't be read"],
    [["http://10.0.0.1/v.mp4"], 1, "private or local network address"],
    [["file:///etc/passwd"], 1, "can't be downloaded"],
  ];
  for (const [args, code, says] of cases) {
    const result = await homereel(["download", ...args]);
    expect([args, result.code, result.err]).toEqual([args, code, expect.stringContaining(says)]);
    expect(result.err).not.toContain("    at ");
  }
  await homereel(["logout"]);
  expect(await homereel(["download", url])).toMatchObject({
    code: 1,
    err: expect.stringContaining("Not logged in"),
  });
});
