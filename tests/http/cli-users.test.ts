import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { dataFolder } from "../../src/lib/data-folder.ts";
import { json, password } from "../fixtures/app.ts";
import { adminEmail, newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import { startSite } from "../fixtures/site.ts";
import type { Site } from "../fixtures/site.ts";
import { until } from "../fixtures/until.ts";

setDefaultTimeout(60_000);

// The commands as people call them, beside a server that runs on the same data folder.
let data: ReturnType<typeof newDataDir>;
let server: Server;
let site: Site;
beforeAll(async () => {
  data = newDataDir();
  [server, site] = await Promise.all([startServer({ dataDir: data.path }), startSite()]);
});
afterAll(async () => {
  await Promise.all([server.stop(), site.stop()]);
  data.remove();
});

const main = new URL("../../src/main.ts", import.meta.url).pathname;

async function users(...args: string[]) {
  const child = Bun.spawn([process.execPath, main, "users", ...args], {
    env: { PATH: process.env.PATH ?? "", HOMEREEL_DATA_DIR: data.path },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, out: out.trim(), err: err.trim() };
}

const email = (name: string) => `${name}@example.org`;
const add = (name: string, ...more: string[]) =>
  users("create", email(name), "--password", password, ...more);

async function logIn(name: string): Promise<string> {
  const response = await fetch(`${server.origin}/api/v1/auth/login`, json({ email: email(name), password }));
  expect(response.status).toBe(200);
  return ((await response.json()) as { token: string }).token;
}

const as = (token: string, init: RequestInit = {}) => ({
  ...init,
  headers: { authorization: `Bearer ${token}`, ...init.headers },
});
const statusFor = async (token: string) =>
  (await fetch(`${server.origin}/api/v1/auth/verify`, as(token))).status;

/** A video that somebody downloaded, with its bytes in the storage. */
async function download(token: string): Promise<{ id: string; folder: string }> {
  const body = json({ url: site.url("/video.mp4") });
  const started = await fetch(`${server.origin}/api/v1/downloads`, as(token, body));
  const { video_id: id } = (await started.json()) as { video_id: string };
  await until(async () => {
    const { state } = await server.api<{ state: string }>(`/api/v1/videos/${id}`);
    return state === "READY" ? true : null;
  });
  const folder = join(dataFolder.storage(data.path), "videos", id);
  expect(existsSync(folder)).toBe(true);
  return { id, folder };
}

describe("while a server runs", () => {
  test("an account is made, listed, and has in the server what it may", async () => {
    expect(await add("ben", "--name", "Ben")).toMatchObject({
      code: 0,
      out: "Made the user ben@example.org.",
    });
    await logIn("ben");
    const rows = JSON.parse((await users("list", "--json")).out) as { email: string }[];
    expect(rows).toMatchObject([
      { email: adminEmail, role: "admin", disabled: false, videos: 0 },
      { email: email("ben"), name: "Ben", role: "user", disabled: false, videos: 0 },
    ]);
    const { out } = await users("list");
    expect(out).toMatch(/^E-mail +Name +Role +State +Videos +Last login\n/);
    expect(out).toMatch(/ben@example\.org +Ben +user +0 +\d{4}-\d\d-\d\d$/);
  });

  test("another role, a new password and disabling end its sessions there at once", async () => {
    const ways: [string[], string][] = [
      [["role", email("ben"), "viewer"], "The role of ben@example.org is viewer now"],
      [["password", email("ben"), "--password", password], "Set the password of ben@example.org"],
      [["disable", email("ben")], "Disabled ben@example.org"],
    ];
    for (const [args, words] of ways) {
      const token = await logIn("ben");
      expect(await statusFor(token)).toBe(200);
      expect(await users(...args)).toMatchObject({ code: 0, out: expect.stringContaining(words) });
      expect(await statusFor(token)).toBe(401);
    }
    expect((await users("list")).out).toMatch(/ben@example\.org +Ben +viewer +disabled/);
    expect(await users("enable", email("ben"))).toMatchObject({ code: 0, out: "Enabled ben@example.org." });
    expect((await users("role", email("ben"), "viewer")).out).toBe(
      "The role of ben@example.org is viewer already.",
    );
    await logIn("ben");
  });

  test("the last admin stays", async () => {
    for (const args of [
      ["role", adminEmail, "user"],
      ["disable", adminEmail],
      ["delete", adminEmail, "--delete-videos"],
    ]) {
      const { code, err } = await users(...args);
      expect([args, code]).toEqual([args, 1]);
      expect(err).toContain("the last admin. Make somebody else an admin first.");
    }
  });

  test("who has videos is deleted with a word about them only: they are handed over, or their bytes go", async () => {
    await add("carl");
    await add("dora");
    const video = await download(await logIn("carl"));

    const asked = await users("delete", email("carl"));
    expect(asked).toMatchObject({
      code: 1,
      err: "carl has 1 video. Add --hand-over EMAIL or --delete-videos.",
    });
    expect(await users("delete", email("carl"), "--hand-over", email("ben"))).toMatchObject({
      code: 1,
      err: expect.stringContaining("Ben may watch only"),
    });
    expect((await users("delete", email("carl"), "--hand-over", email("nobody"))).err).toBe(
      "Nobody has the e-mail nobody@example.org.",
    );
    await logIn("carl");

    expect(await users("delete", email("carl"), "--hand-over", email("dora"))).toMatchObject({
      code: 0,
      out: "Deleted carl@example.org. All videos and downloads are dora@example.org's now.",
    });
    const { owner } = await server.api<{ owner: { name: string } }>(`/api/v1/videos/${video.id}`);
    expect(owner.name).toBe("dora");
    expect(existsSync(video.folder)).toBe(true);

    expect((await users("delete", email("dora"), "--delete-videos")).code).toBe(0);
    await until(() => (existsSync(video.folder) ? null : true));
    expect(await server.api(`/api/v1/videos/${video.id}`)).toMatchObject({ code: "not_found" });
  });

  test("and a download of theirs that runs stops", async () => {
    await add("emil");
    const token = await logIn("emil");
    site.slowBytesPerSecond = 20_000;
    const started = await fetch(
      `${server.origin}/api/v1/downloads`,
      as(token, json({ url: site.url("/slow.mp4") })),
    );
    const { id } = (await started.json()) as { id: string };
    const work = join(dataFolder.work(data.path), id);
    await until(() => (existsSync(work) ? true : null));
    expect((await users("delete", email("emil"), "--delete-videos")).code).toBe(0);
    await until(() => (existsSync(work) ? null : true));
  });

  test("all of it is in the audit log, as done from the command line", async () => {
    const { items } = await server.api<{ items: { action: string; address: string; detail: string }[] }>(
      "/api/v1/admin/audit?q=command+line&limit=200",
    );
    const seen = (action: string) => items.filter((one) => one.action === action);
    for (const action of ["account.create", "account.role", "account.password", "account.disable"])
      expect(seen(action).length).toBeGreaterThan(0);
    expect(seen("account.delete").map(({ detail }) => detail)).toEqual([
      "1 video deleted",
      "1 video deleted",
      "1 video handed over to dora@example.org",
    ]);
  });
});

test.each([
  [["nope"], '"users nope" is no command.'],
  [["toString"], '"users toString" is no command.'],
  [["role", "ben@example.org"], "accepted are admin, user, viewer"],
  [["role", "ben@example.org", "king"], '"king" is no role'],
  [["disable"], "Give the e-mail address."],
  [["disable", "a@example.org", "b@example.org"], "one argument too many"],
  [["delete", "a@example.org", "--hand-over", "b@example.org", "--delete-videos"], "Choose one"],
  [["delete", "a@example.org", "--hand-over"], "hand-over"],
])("called wrongly it ends with 2 and a sentence: users %j", async (args, words) => {
  const { code, err } = await users(...args);
  expect(code).toBe(2);
  expect(err).toContain(words);
  expect(err).not.toContain("    at ");
});

test.each(["role", "disable", "enable", "delete"])("%s of nobody ends with 1", async (action) => {
  const more = action === "role" ? ["user"] : [];
  expect(await users(action, "nobody@example.org", ...more)).toMatchObject({
    code: 1,
    err: "Nobody has the e-mail nobody@example.org.",
  });
});
