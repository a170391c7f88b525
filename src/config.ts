import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse as parseToml } from "smol-toml";
import {
  ConfigError,
  choice,
  duration,
  flag,
  list,
  network,
  number,
  secret,
  text,
  url,
} from "./lib/settings.ts";
import type { Setting } from "./lib/settings.ts";

/**
 * Every setting, once: default, meaning and what is accepted. The TOML key is `[section] key`, the
 * environment's name HOMEREEL_SECTION_KEY, with _ for a dot. `config.example.toml` is written from this table.
 */
export const settings = {
  server: {
    host: text("0.0.0.0", "Address to listen on; 127.0.0.1 keeps it to this machine."),
    port: number(8080, "Port to listen on; 0 takes a free one.", { min: 0, max: 65535 }),
    public_url: url(
      "",
      "Where people reach Homereel, e.g. https://videos.example.org. When set, requests for other host names are refused, and links are made from it.",
    ),
  },
  data: {
    dir: text("./data", "The one folder that holds everything: database, videos, programs, keys."),
  },
  auth: {
    session_hours: number(24, "How long a login lasts without being used, in hours.", {
      min: 1,
      max: 24 * 365,
    }),
  },
  downloads: {
    threshold_minutes: number(
      12,
      "A download that is expected to take longer than this many minutes goes to the long lane.",
      { min: 0, max: 24 * 60 },
    ),
    short_concurrency: number(3, "How many short downloads run at once.", { min: 1, max: 32 }),
    long_concurrency: number(1, "How many long downloads run at once.", { min: 1, max: 32 }),
    short_timeout_minutes: duration(15, "A short download that takes longer moves to the long lane."),
    long_timeout_minutes: duration(0, "A long download that takes longer fails; 0 means no limit."),
    allow_networks: list(
      network,
      [],
      'Private networks that may be downloaded from, e.g. ["192.168.1.0/24"]. All others are refused.',
    ),
  },
  storage: {
    driver: choice(
      "disk",
      ["disk", "s3"],
      "Where new files go: the data folder, or a bucket that speaks S3. What is stored already stays where it is, and both can be in use at once.",
    ),
  },
  "storage.s3": {
    endpoint: url(
      "",
      "Address of the S3 server, e.g. http://minio:9000; empty means Amazon's for the region.",
    ),
    public_endpoint: url(
      "",
      "Address under which browsers reach the same server, where it is another one, e.g. https://s3.example.org.",
    ),
    region: text("us-east-1", "The bucket's region; most servers at home don't care."),
    bucket: text("", "Name of the bucket. It has to be there, and should be Homereel's alone."),
    access_key_id: secret("Access key; empty means: as the AWS SDK finds one (environment, profile, role)."),
    secret_access_key: secret("The secret that belongs to the access key."),
    path_style: flag(
      true,
      "true asks for https://server/bucket/file, false for https://bucket.server/file, which some services want.",
    ),
    proxy: flag(
      false,
      "true sends everything through Homereel, for a bucket that browsers can't reach. Otherwise they get addresses of the bucket that are good for some minutes.",
    ),
    ca_file: text(
      "",
      "PEM file of the authority that signed the S3 server's certificate, where it is your own.",
    ),
  },
  tools: {
    ffmpeg: text("", "Path of ffmpeg; empty means: the bundled one, else the one on PATH."),
    ffprobe: text("", "Path of ffprobe; empty means: the one on PATH."),
    yt_dlp: text("", "Path of yt-dlp; empty means: the one in the data folder, else the one on PATH."),
    yt_dlp_updates: choice(
      "when-old",
      ["when-old", "never"],
      "when-old gets yt-dlp where it is missing or older than 90 days, into the data folder, checksum verified.",
    ),
    js_runtime: text(
      "",
      "Path of Deno 2.3+ or Node 22+, which yt-dlp needs for some sites; empty means: the one on PATH.",
    ),
  },
  log: {
    level: choice("info", ["debug", "info", "warn", "error"], "How much is written to the log."),
    format: choice("auto", ["auto", "text", "json"], "auto writes text to a terminal and JSON elsewhere."),
  },
};

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
