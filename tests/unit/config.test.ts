import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exampleToml } from "../../src/cli/config.ts";
import { buildConfig, eachSetting, loadConfig, variableName } from "../../src/config.ts";
import { parse } from "smol-toml";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "homereel-config-"))));
afterAll(() => rmSync(folder, { recursive: true }));

test("config.example.toml is what the table says", () => {
  const committed = readFileSync(new URL("../../config.example.toml", import.meta.url), "utf8");
  expect(committed, "run: bun src/main.ts config --example > config.example.toml").toBe(exampleToml());
});

test("the example with its comments taken off is valid and means the defaults", () => {
  const text = exampleToml().replaceAll(/^# (\w+ = )/gm, "$1");
  expect(buildConfig(parse(text), {})).toEqual(buildConfig({}, {}));
});

test("the example writes sizes as people do, in the quotes that TOML wants", () => {
  const lines = exampleToml().split("\n");
  expect(lines).toContain('# max_size = "500MB"');
  expect(lines).toContain('# scratch = "50GB"');
  expect(lines).toContain("# quota = 0");
});

test("every setting can be set by the environment", () => {
  for (const { section, key, setting } of eachSetting()) {
    const value = Array.isArray(setting.default) ? setting.default.join(",") : String(setting.default);
    const config = buildConfig({}, { [variableName(section, key)]: value }) as unknown as Record<
      string,
      Record<string, unknown>
    >;
    expect(config[section]?.[key]).toEqual(setting.default);
  }
});

test("the environment wins over the file, and the file over the default", () => {
  const path = join(folder, "own.toml");
  writeFileSync(path, '[server]\nport = 9000\nhost = "127.0.0.1"\n');
  const { config, file } = loadConfig({ HOMEREEL_SERVER_PORT: "9001" }, path);
  expect(config.server.port).toBe(9001);
  expect(config.server.host).toBe("127.0.0.1");
  expect(config.auth.session_hours).toBe(24);
  expect(file).toBe(path);
});

test("config.toml in the data folder is found by itself", () => {
  writeFileSync(join(folder, "config.toml"), "[server]\nport = 9002\n");
  expect(loadConfig({ HOMEREEL_DATA_DIR: folder }).config.server.port).toBe(9002);
});

test("a value can come from a file that a variable names", () => {
  const path = join(folder, "port");
  writeFileSync(path, "9003\n");
  expect(buildConfig({}, { HOMEREEL_SERVER_PORT_FILE: path }).server.port).toBe(9003);
});

test("a section within a section is one of its own", () => {
  const toml = parse('[storage]\ndriver = "s3"\n[storage.s3]\nbucket = "shelf"\n');
  const config = buildConfig(toml, { HOMEREEL_STORAGE_S3_REGION: "eu-central-1" });
  expect(config.storage).toEqual({ driver: "s3", keep_moved_hours: 48 });
  expect(config["storage.s3"]).toMatchObject({ bucket: "shelf", region: "eu-central-1" });
});

test("the configuration is frozen all the way down", () => {
  const config = buildConfig({ downloads: { allow_networks: ["10.0.0.0/8"] } }, {});
  expect(Object.isFrozen(config) && Object.isFrozen(config.server)).toBe(true);
  expect(Object.isFrozen(config.downloads.allow_networks)).toBe(true);
});

describe("what is wrong is refused with key, value and what is accepted", () => {
  const refused: [string, Record<string, unknown>, Record<string, string>, string[]][] = [
    ["an unknown section", { sever: { port: 1 } }, {}, ["[sever]", "server"]],
    ["an unknown key", { server: { prot: 1 } }, {}, ["[server] prot", "1", "port"]],
    ["a wrong type", { server: { port: "http" } }, {}, ["[server] port", '"http"', "0 to 65535"]],
    [
      "a number out of range",
      {},
      { HOMEREEL_SERVER_PORT: "70000" },
      ["HOMEREEL_SERVER_PORT", "70000", "65535"],
    ],
    ["an empty number", {}, { HOMEREEL_SERVER_PORT: "" }, ["HOMEREEL_SERVER_PORT", '""']],
    ["a word that is no choice", { log: { level: "loud" } }, {}, ["[log] level", "loud", '"debug"']],
    [
      "a network that is none",
      {},
      { HOMEREEL_DOWNLOADS_ALLOW_NETWORKS: "10.0.0.0/8,home" },
      ["home", "192.168.1.0/24"],
    ],
    [
      "a public URL with a path",
      { server: { public_url: "https://a.example/x" } },
      {},
      ["public_url", "without a path"],
    ],
    [
      "an unknown key of a section within",
      { storage: { s3: { buket: "x" } } },
      {},
      ["[storage.s3] buket", "bucket"],
    ],
    [
      "a word that is neither true nor false",
      {},
      { HOMEREEL_STORAGE_S3_PROXY: "yes" },
      ["PROXY", '"yes"', "true"],
    ],
    ["S3 without a bucket", { storage: { driver: "s3", keep_moved_hours: 48 } }, {}, ["[storage.s3] bucket"]],
    ["an unknown variable", {}, { HOMEREEL_SEVER_PORT: "1" }, ["HOMEREEL_SEVER_PORT", "no setting"]],
  ];
  test.each(refused)("%s", (_, toml, env, words) => {
    const message = messageOf(() => buildConfig(toml, env));
    for (const word of words) expect(message).toContain(word);
  });

  test("a value that may be a secret stays unsaid", () => {
    const message = messageOf(() => buildConfig({}, { HOMEREEL_STORAGE_S3_SECRT_KEY: "hunter2" }));
    expect(message).toContain("HOMEREEL_STORAGE_S3_SECRT_KEY");
    expect(message).not.toContain("hunter2");
  });

  test("a file that is not there, and one that is no TOML", () => {
    expect(messageOf(() => loadConfig({}, "/nowhere/at-all.toml"))).toContain("/nowhere/at-all.toml");
    const path = join(folder, "broken.toml");
    writeFileSync(path, "[server\n");
    expect(messageOf(() => loadConfig({}, path))).toContain("not valid TOML");
  });
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it was accepted");
}
