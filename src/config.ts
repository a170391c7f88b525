import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse as parseToml } from "smol-toml";
import { ConfigError } from "./lib/settings.ts";
import type { Setting } from "./lib/settings.ts";
import { settings } from "./settings.ts";

type Settings = typeof settings;
type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** The settings in force. Read once at start, frozen. */
export type Config = {
  readonly [Section in keyof Settings]: {
    readonly [Key in keyof Settings[Section]]: ValueOf<Settings[Section][Key]>;
  };
};

/** Variables that are no settings but mean something to us. */
const otherVariables = new Set(["HOMEREEL_CONFIG", "HOMEREEL_ADMIN_EMAIL", "HOMEREEL_ADMIN_PASSWORD"]);

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads `file`, else $HOMEREEL_CONFIG, else `config.toml` in the data folder, then lets the environment
 * override. A key that is unknown or a value that does not fit is a ConfigError that names it.
 */
export function loadConfig(env: Environment, file?: string): { config: Config; file: string | null } {
  const path = findConfigFile(env, file);
  const config = buildConfig(path === null ? {} : readConfigFile(path), env);
  return { config, file: path };
}

export function buildConfig(file: Record<string, unknown>, env: Environment): Config {
  const toml = flattenSections(file);
  refuseUnknownKeys(toml);
  refuseUnknownVariables(env);
  const config: Record<string, Record<string, unknown>> = {};
  for (const { section, key, setting } of eachSetting()) {
    const fromEnv = variable(env, section, key);
    const fromFile = (toml[section] as Record<string, unknown> | undefined)?.[key];
    const value =
      fromEnv !== undefined
        ? setting.fromText(fromEnv.value, fromEnv.name)
        : fromFile !== undefined
          ? setting.fromValue(fromFile, `[${section}] ${key}`)
          : setting.default;
    (config[section] ??= {})[key] = Object.freeze(value);
  }
  for (const section of Object.values(config)) Object.freeze(section);
  refuseContradictions(config as Config);
  return Object.freeze(config) as Config;
}

function refuseContradictions(config: Config): void {
  if (config.storage.driver === "s3" && config["storage.s3"].bucket === "") {
    throw new ConfigError('[storage] driver = "s3" needs the name of a bucket: set [storage.s3] bucket.');
  }
  if (config.mail.url !== "") {
    if (config.mail.from === "") throw new ConfigError("[mail] url needs a sender: set [mail] from.");
    if (config.server.public_url === "") {
      throw new ConfigError(
        "[mail] url needs [server] public_url: links in mails are made from it, never from what a browser says.",
      );
    }
  }
  if (config.auth.proxy_header !== "" && config.server.trusted_proxies.length === 0) {
    throw new ConfigError(
      "[auth] proxy_header needs [server] trusted_proxies: without it, anybody could say who they are.",
    );
  }
}

/** One row for each setting, in the order of the table. */
export function* eachSetting(): Generator<{ section: string; key: string; setting: Setting<unknown> }> {
  for (const [section, keys] of Object.entries(settings)) {
    for (const [key, setting] of Object.entries(keys))
      yield { section, key, setting: setting as Setting<unknown> };
  }
}

export function variableName(section: string, key: string): string {
  return `HOMEREEL_${section.replace(".", "_")}_${key}`.toUpperCase();
}

/** The value of a variable, or the contents of the file that `NAME_FILE` names, without its last line break. */
export function readVariable(env: Environment, name: string): string | undefined {
  const direct = env[name];
  if (direct !== undefined) return direct;
  const file = env[`${name}_FILE`];
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch {
    throw new ConfigError(
      `${name}_FILE names ${file}, which can't be read. Give a readable file, or set ${name}.`,
    );
  }
}

function variable(
  env: Environment,
  section: string,
  key: string,
): { name: string; value: string } | undefined {
  const name = variableName(section, key);
  const value = readVariable(env, name);
  return value === undefined ? undefined : { name, value };
}

function findConfigFile(env: Environment, file?: string): string | null {
  const named = file ?? env.HOMEREEL_CONFIG;
  if (named) {
    if (!existsSync(named)) throw new ConfigError(`The configuration file ${named} is not there.`);
    return resolve(named);
  }
  const path = join(env[variableName("data", "dir")] ?? settings.data.dir.default, "config.toml");
  return existsSync(path) ? resolve(path) : null;
}

function readConfigFile(path: string): Record<string, unknown> {
  try {
    return parseToml(readFileSync(path, "utf8"));
  } catch (error) {
    throw new ConfigError(`${path} is not valid TOML: ${(error as Error).message}`);
  }
}

/** `[storage.s3]` is a table within a table to TOML, and a section like the others here. */
function flattenSections(toml: Record<string, unknown>): Record<string, unknown> {
  const { storage, ...others } = toml;
  if (typeof storage !== "object" || storage === null || !("s3" in storage)) return toml;
  const { s3, ...own } = storage;
  return { ...others, storage: own, "storage.s3": s3 };
}

function refuseUnknownKeys(toml: Record<string, unknown>): void {
  for (const [section, keys] of Object.entries(toml)) {
    const known = (settings as Record<string, Record<string, unknown>>)[section];
    if (!known || typeof keys !== "object" || keys === null) {
      throw new ConfigError(`[${section}] is no section. Accepted: ${Object.keys(settings).join(", ")}.`);
    }
    for (const [key, value] of Object.entries(keys)) {
      if (!(key in known)) {
        throw new ConfigError(
          `[${section}] ${key} = ${shown(key, value)} is no setting. Accepted in [${section}]: ${Object.keys(known).join(", ")}.`,
        );
      }
    }
  }
}

function refuseUnknownVariables(env: Environment): void {
  const known = new Set([
    ...otherVariables,
    ...[...eachSetting()].map((row) => variableName(row.section, row.key)),
  ]);
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith("HOMEREEL_") || name.startsWith("HOMEREEL_TEST_")) continue;
    if (known.has(name) || known.has(name.replace(/_FILE$/, ""))) continue;
    throw new ConfigError(
      `The environment has ${name}=${shown(name, value)}, which is no setting. "homereel config --example" lists all names.`,
    );
  }
}

/** What is no setting may be a secret whose name was mistyped. */
function shown(name: string, value: unknown): string {
  return /key|secret|pass|token/i.test(name) ? "(hidden)" : JSON.stringify(value);
}
