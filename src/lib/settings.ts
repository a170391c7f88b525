import ipaddr from "ipaddr.js";
import { parseBytes } from "./bytes.ts";
import { parseTimeWindow } from "./time-window.ts";

/** A wrong key or value: the message names the key, the value and what is accepted. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** One kind of setting: how its value is read from TOML and from text, and how it is explained. */
export interface Setting<T> {
  readonly default: T;
  /** The default as people write it. */
  readonly written: unknown;
  readonly doc: string;
  /** What is accepted, for the message. */
  readonly accepts: string;
  /** Secrets are never shown. */
  readonly secret: boolean;
  fromValue(value: unknown, name: string): T;
  fromText(text: string, name: string): T;
}

interface Kind<T> {
  accepts: string;
  /** Undefined where the value doesn't fit. */
  read(value: unknown): T | undefined;
  /** How text of the environment becomes what TOML would have given. */
  parse?(text: string): unknown;
}

function setting<T>(fallback: T, doc: string, kind: Kind<T>, secret = false): Setting<T> {
  const accept = (value: unknown, given: unknown, name: string): T => {
    const read = kind.read(value);
    if (read !== undefined) return read;
    const shown = secret ? "its value" : JSON.stringify(given);
    throw new ConfigError(`${name} = ${shown} does not fit. Accepted: ${kind.accepts}.`);
  };
  return {
    default: fallback,
    written: fallback,
    doc,
    accepts: kind.accepts,
    secret,
    fromValue: (value, name) => accept(value, value, name),
    fromText: (given, name) => accept(kind.parse ? kind.parse(given) : given, given, name),
  };
}

export function text(fallback: string, doc: string): Setting<string> {
  return setting(fallback, doc, {
    accepts: "text",
    read: (value) => (typeof value === "string" ? value : undefined),
  });
}

/** Text that is never shown. */
export function secret(doc: string): Setting<string> {
  const kind = { accepts: "text", read: (value: unknown) => (typeof value === "string" ? value : undefined) };
  return setting("", doc, kind, true);
}

export function flag(fallback: boolean, doc: string): Setting<boolean> {
  return setting(fallback, doc, {
    accepts: "true or false",
    read: (value) => (typeof value === "boolean" ? value : undefined),
    parse: (value) => (value === "true" ? true : value === "false" ? false : value),
  });
}

export function number(fallback: number, doc: string, range: { min: number; max: number }): Setting<number> {
  return setting(fallback, doc, {
    accepts: `a whole number from ${range.min} to ${range.max}`,
    read: (value) =>
      Number.isInteger(value) && (value as number) >= range.min && (value as number) <= range.max
        ? (value as number)
        : undefined,
    parse: (value) => (value.trim() === "" ? value : Number(value)),
  });
}

/** Minutes; 0 means no limit. */
export function duration(fallbackMinutes: number, doc: string): Setting<number> {
  return number(fallbackMinutes, doc, { min: 0, max: 60 * 24 * 30 });
}

export function choice<const Options extends readonly string[]>(
  fallback: Options[number],
  options: Options,
  doc: string,
): Setting<Options[number]> {
  return setting<Options[number]>(fallback, doc, {
    accepts: options.map((one) => JSON.stringify(one)).join(", "),
    read: (value) => options.find((one) => one === value),
  });
}

/** An http(s) URL without a trailing slash, or empty. */
export function url(fallback: string, doc: string): Setting<string> {
  return setting(fallback, doc, {
    accepts: "an http:// or https:// address without a path, or empty",
    read: (value) => {
      if (value === "") return "";
      if (typeof value !== "string" || !URL.canParse(value)) return undefined;
      const parsed = new URL(value);
      const plain = parsed.pathname === "/" && parsed.search === "" && parsed.username === "";
      return /^https?:$/.test(parsed.protocol) && plain ? parsed.origin : undefined;
    },
  });
}

/** A list in TOML; comma-separated in the environment. */
export function list<T>(item: Kind<T>, fallback: readonly T[], doc: string): Setting<readonly T[]> {
  return setting<readonly T[]>(fallback, doc, {
    accepts: `a list, each ${item.accepts}`,
    read: (value) => {
      if (!Array.isArray(value)) return undefined;
      const items = value.map((one) => item.read(one));
      return items.some((one) => one === undefined) ? undefined : (items as T[]);
    },
    parse: (value) =>
      value
        .split(",")
        .map((one) => one.trim())
        .filter((one) => one !== ""),
  });
}

/** A network in CIDR notation (RFC 4632, RFC 4291). */
export const network: Kind<string> = {
  accepts: 'a network such as "192.168.1.0/24" or "fd00::/8"',
  read: (value) => (typeof value === "string" && ipaddr.isValidCIDR(value) ? value : undefined),
};

/** The origin of another site, as browsers send it (RFC 6454 §7). */
export const site: Kind<string> = {
  accepts: 'an origin such as "https://dashboard.example.org"',
  read: (value) =>
    typeof value === "string" && URL.canParse(value) && new URL(value).origin === value ? value : undefined,
};

/** A header's name (RFC 9110 §5.1), or empty. */
export function header(doc: string): Setting<string> {
  return setting("", doc, {
    accepts: "the name of a header, or empty",
    read: (value) => (typeof value === "string" && /^[\w!#$%&'*+.^`|~-]*$/.test(value) ? value : undefined),
  });
}

/** An smtp:// or smtps:// address, with name and password where the server wants them, or empty. */
export function mailServer(doc: string): Setting<string> {
  const kind: Kind<string> = {
    accepts: "an smtp:// or smtps:// address, or empty",
    read: (value) => {
      if (value === "") return "";
      if (typeof value !== "string" || !URL.canParse(value)) return undefined;
      const { protocol, hostname } = new URL(value);
      return /^smtps?:$/.test(protocol) && hostname !== "" ? value : undefined;
    },
  };
  return setting("", doc, kind, true);
}

/** One mailbox, bare or with a name before it in angle brackets (RFC 5322 §3.4), or empty. */
export function mailbox(doc: string): Setting<string> {
  return setting("", doc, {
    accepts: 'a mail address such as "Homereel <homereel@example.org>", or empty',
    read: (value) =>
      typeof value === "string" &&
      /^$|^[^\s@<>,;]+@[^\s@<>,;]+$|^[^\p{Cc}@<>,;]+ <[^\s@<>,;]+@[^\s@<>,;]+>$/u.test(value)
        ? value
        : undefined,
  });
}

/** An amount of money or the like, not below 0. */
export function decimal(fallback: number, doc: string): Setting<number> {
  return setting(fallback, doc, {
    accepts: "a number from 0 on",
    read: (value) => (typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined),
    parse: (value) => (value.trim() === "" ? value : Number(value)),
  });
}

/** Bytes: "500MB", "1.5 GB", or a plain number. */
export function size(fallback: string, doc: string): Setting<number> {
  const bytes = setting(parseBytes(fallback) ?? 0, doc, {
    accepts: 'a size such as "500MB" or "2GB"',
    read: (value) => parseBytes(String(value)) ?? undefined,
  });
  return { ...bytes, written: fallback === "0" ? 0 : fallback };
}

/** A time of the day, "01:00-06:00", or empty; `lib/time-window.ts` reads it. */
export function timeWindow(doc: string): Setting<string> {
  return setting("", doc, {
    accepts: 'a time of the day such as "01:00-06:00", or empty',
    read: (value) => (value === "" || parseTimeWindow(String(value)) !== null ? String(value) : undefined),
  });
}
