import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { password } from "../fixtures/app.ts";
import { adminEmail, newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";

setDefaultTimeout(60_000);

let home: ReturnType<typeof newDataDir>;
let data: ReturnType<typeof newDataDir>;
let server: Server;
beforeAll(async () => {
  [home, data] = [newDataDir(), newDataDir()];
  server = await startServer({ dataDir: data.path });
});
afterAll(async () => {
  await server.stop();
  home.remove();
  data.remove();
});

const main = new URL("../../src/main.ts", import.meta.url).pathname;

async function homereel(args: string[], input = "") {
  const child = Bun.spawn([process.execPath, main, ...args], {
    env: { PATH: process.env.PATH ?? "", XDG_CONFIG_HOME: home.path },
    stdin: new TextEncoder().encode(input),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, out, err };
}

const saved = () => join(home.path, "homereel", "login.json");
const logIn = (...more: string[]) =>
  homereel(["login", server.origin, "--email", adminEmail, ...more], `${password}\n`);
const statusOf = (token: string, path: string) =>
  fetch(server.origin + path, { headers: { authorization: `Bearer ${token}` } }).then(({ status }) => status);

test("logging in keeps a token for its owner's eyes, and leaves no session", async () => {
  const { code, out } = await logIn();
  expect([code, out]).toEqual([0, expect.stringContaining(`as ${adminEmail}`)]);
  expect(statSync(saved()).mode & 0o777).toBe(0o600);
  const { token } = JSON.parse(readFileSync(saved(), "utf8")) as { token: string };
  expect(await statusOf(token, "/api/v1/videos")).toBe(200);
  expect(await statusOf(token, "/api/v1/admin/users")).toBe(403);
  const sessions = await server.api<{ items: unknown[] }>("/api/v1/auth/sessions");
  expect(sessions.items).toHaveLength(1);
  const status = await homereel(["login", "--status", "--json"]);
  expect(JSON.parse(status.out)).toMatchObject({ email: adminEmail, scopes: ["read", "download", "upload"] });
});

test("logging out revokes it, here and on the server", async () => {
  const { token } = JSON.parse(readFileSync(saved(), "utf8")) as { token: string };
  expect(await homereel(["logout"])).toMatchObject({ code: 0 });
  expect(existsSync(saved())).toBe(false);
  expect(await statusOf(token, "/api/v1/videos")).toBe(401);
  for (const args of [["logout"], ["login", "--status"]]) {
    expect(await homereel(args)).toMatchObject({ code: 1, err: expect.stringContaining("Not logged in") });
  }
});

test("an admin's token administers when that was asked for", async () => {
  expect(await logIn("--admin", "--days", "2")).toMatchObject({ code: 0 });
  const { token } = JSON.parse(readFileSync(saved(), "utf8")) as { token: string };
  expect(await statusOf(token, "/api/v1/admin/users")).toBe(200);
});

test("what goes wrong is said in a sentence", async () => {
  const cases: [args: string[], input: string, code: number, says: string][] = [
    [["login", server.origin, "--email", adminEmail], "not the password\n", 1, "wrong"],
    [["login", "http://127.0.0.1:1", "--email", adminEmail], "x\n", 1, "no answer from"],
    [["login", "ftp://example.org"], "", 2, "no address of a server"],
    [["login", `${server.origin}/videos`], "", 2, "no address of a server"],
    [["login"], "", 2, "Give the address"],
    [["login", server.origin], "", 2, "Give --email"],
    [["login", server.origin, "--email", adminEmail, "--days", "0"], `${password}\n`, 2, "--days 0"],
  ];
  for (const [args, input, code, says] of cases) {
    const result = await homereel(args, input);
    expect([args, result.code, result.err]).toEqual([args, code, expect.stringContaining(says)]);
    expect(result.err).not.toContain("    at ");
  }
});

test("a file that it did not write is not touched", async () => {
  mkdirSync(join(home.path, "homereel"), { recursive: true });
  writeFileSync(saved(), "{ not ours");
  expect(await homereel(["login", "--status"])).toMatchObject({
    code: 1,
    err: expect.stringContaining(saved()),
  });
  expect(readFileSync(saved(), "utf8")).toBe("{ not ours");
});

test("another site that answers is told from Homereel", async () => {
  const other = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => new Response("hello", { status: 404 }),
  });
  const result = await homereel(["login", other.url.origin, "--email", adminEmail], "x\n");
  await other.stop(true);
  expect(result).toMatchObject({ code: 1, err: expect.stringContaining("Is it the right address?") });
});
