import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { commands } from "../../src/cli/commands.ts";
import { newDataDir } from "../fixtures/server.ts";

setDefaultTimeout(60_000);

let data: ReturnType<typeof newDataDir>;
beforeAll(() => void (data = newDataDir()));
afterAll(() => data.remove());

const main = new URL("../../src/main.ts", import.meta.url).pathname;

async function homereel(args: string[], options: { input?: string; env?: Record<string, string> } = {}) {
  const child = Bun.spawn([process.execPath, main, ...args], {
    env: { PATH: process.env.PATH ?? "", HOMEREEL_DATA_DIR: data.path, ...options.env },
    stdin: new TextEncoder().encode(options.input ?? ""),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code: await child.exited, out, err };
}

describe("every command", () => {
  test("is listed, and explains itself", async () => {
    const { out, code } = await homereel(["--help"]);
    expect(code).toBe(0);
    for (const { name, summary } of commands) {
      expect(out).toContain(summary);
      const help = await homereel([name, "--help"]);
      expect([name, help.code]).toEqual([name, 0]);
      expect(help.out).toContain(`homereel ${name}`);
    }
  });

  test("called wrongly ends with 2 and a sentence", async () => {
    for (const args of [
      ["nope"],
      ["serve", "--nope"],
      ["users", "nope", "x"],
      ["users", "create"],
      ["config", "-x"],
    ]) {
      const { code, err } = await homereel(args, { input: "a long enough password\n" });
      expect([args, code]).toEqual([args, 2]);
      expect(err.trim()).not.toBe("");
      expect(err).not.toContain("    at ");
    }
  });
});

test("accounts are made, listed and given a password", async () => {
  const made = await homereel(["users", "create", "Ada@Example.org", "--role", "admin"], {
    input: "correct horse battery\n",
  });
  expect(made).toMatchObject({ code: 0, out: "Made the admin ada@example.org.\n" });
  const again = await homereel(["users", "create", "ada@example.org"], { input: "correct horse battery\n" });
  expect(again.code).toBe(1);
  expect(again.err).toContain("ada@example.org already");
  const short = await homereel(["users", "create", "bob@example.org"], { input: "short\n" });
  expect(short.err).toContain("shorter than 10");
  const { out } = await homereel(["users", "list", "--json"]);
  expect(JSON.parse(out)).toMatchObject([{ email: "ada@example.org", role: "admin", disabled: false }]);
  expect(
    (await homereel(["users", "password", "ada@example.org", "--password", "another long one"])).code,
  ).toBe(0);
  expect((await homereel(["users", "password", "nobody@example.org", "--password", "x"])).code).toBe(1);
});

test("the settings in force are printed, and secrets are not", async () => {
  const env = { HOMEREEL_SERVER_PORT: "9123", HOMEREEL_STORAGE_S3_SECRET_ACCESS_KEY: "hunter2" };
  const { out } = await homereel(["config"], { env });
  expect(out).toContain("port = 9123");
  expect(out).not.toContain("hunter2");
  const wrong = await homereel(["config"], { env: { HOMEREEL_SERVER_PORT: "x" } });
  expect(wrong.code).toBe(1);
  expect(wrong.err).toContain("HOMEREEL_SERVER_PORT");
});

test("the description of the API is JSON", async () => {
  expect(JSON.parse((await homereel(["openapi"])).out)).toMatchObject({ openapi: "3.1.0" });
});

test("the doctor looks at everything", async () => {
  const { out } = await homereel(["doctor", "--json"]);
  const findings = JSON.parse(out) as { what: string; says: string }[];
  expect(findings.map(({ what }) => what)).toEqual(
    expect.arrayContaining(["database", "disk", "ffmpeg", "ffprobe", "yt-dlp", "JavaScript runtime"]),
  );
  for (const { says } of findings) expect(says).not.toBe("");
});
