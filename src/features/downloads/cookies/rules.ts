import { z } from "zod";
import { AppError } from "../../../lib/errors.ts";

/** One cookie as it is kept. `domain` is without the dot before it. */
export interface Cookie {
  domain: string;
  /** Whether hosts below the domain get it too. */
  below: boolean;
  path: string;
  secure: boolean;
  httpOnly: boolean;
  /** Seconds since 1970; 0 where it ends with the browser's session. */
  expires: number;
  name: string;
  value: string;
}

/**
 * Reads what a browser's extension exports: a cookie file in Netscape's format, or a list in JSON. Keeps what is for
 * the site and not over. Throws `invalid_input` that names the line and never what is in it.
 */
export function parseCookies(text: string, site: string, now: number): Cookie[] {
  const all = /^\s*[[{]/.test(text) ? readJson(text) : readNetscape(text);
  if (all.length === 0) throw unfit("There is no cookie in it.");
  const own = all.filter(({ domain }) => domain === site || domain.endsWith(`.${site}`));
  if (own.length === 0) {
    const others = [...new Set(all.map(({ domain }) => domain))].slice(0, 3).join(", ");
    throw unfit(`None of these cookies is for ${site}.`, `They are for ${others}.`);
  }
  const fresh = own.filter(({ expires }) => expires === 0 || expires * 1000 > now);
  if (fresh.length === 0)
    throw unfit(`All cookies for ${site} are over.`, "Log in there again, and export anew.");
  return fresh;
}

/** The file as yt-dlp reads it. */
export function writeNetscape(cookies: readonly Cookie[]): string {
  const lines = cookies.map(({ domain, below, path, secure, httpOnly, expires, name, value }) => {
    const host = `${httpOnly ? "#HttpOnly_" : ""}${below ? "." : ""}${domain}`;
    return [host, flag(below), path, flag(secure), expires, name, value].join("\t");
  });
  return ["# Netscape HTTP Cookie File", ...lines, ""].join("\n");
}

/**
 * When the first of those ends that keep somebody logged in, as their names say; of all of them where no name does.
 * In milliseconds since 1970; null where none has an end.
 */
export function expiryOf(cookies: readonly Cookie[]): number | null {
  const ending = cookies.filter(({ expires }) => expires > 0);
  const logins = ending.filter(({ name }) => /sid|sess|auth|log-?_?in|token|user|sso/i.test(name));
  const first = Math.min(...(logins.length > 0 ? logins : ending).map(({ expires }) => expires));
  return Number.isFinite(first) ? first * 1000 : null;
}

const mostCookies = 2000;

function readNetscape(text: string): Cookie[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const cookies = lines.flatMap((line, index) => {
    const isComment = line.startsWith("#") && !line.startsWith("#HttpOnly_");
    return isComment || line.trim() === "" ? [] : [readLine(line, index + 1)];
  });
  if (cookies.length > mostCookies) throw unfit(`These are more than ${mostCookies} cookies.`);
  return cookies;
}

function readLine(line: string, number: number): Cookie {
  // Pasted text often has spaces in the place of tabs; a value may be empty.
  const fields = line.includes("\t") ? line.split("\t") : line.trim().split(/ +/);
  const [host = "", , path = "", secure = "", expires = "", name = "", value = ""] = fields;
  const wrong = (what: string) =>
    unfit(
      `Line ${number} is no line of a cookie file: ${what}.`,
      "Export the cookies in the Netscape format.",
    );
  if (fields.length !== 7 && fields.length !== 6)
    throw wrong(`it has ${fields.length} fields in the place of 7`);
  if (!/^(?:TRUE|FALSE)$/i.test(secure)) throw wrong("its fourth field is neither TRUE nor FALSE");
  if (!/^-?\d{1,15}(?:\.\d*)?$/.test(expires)) throw wrong("its fifth field is no time");
  const cookie = {
    ...domainOf(host.replace(/^#HttpOnly_/, "")),
    path,
    secure: /^TRUE$/i.test(secure),
    httpOnly: host.startsWith("#HttpOnly_"),
    expires: seconds(Number(expires)),
    name,
    value,
  };
  const problem = problemWith(cookie);
  if (problem) throw wrong(problem);
  return cookie;
}

const jsonCookies = z
  .array(
    z.object({
      domain: z.string(),
      name: z.string(),
      value: z.string(),
      path: z.string().default("/"),
      secure: z.boolean().default(false),
      httpOnly: z.boolean().default(false),
      expirationDate: z.number().nullish(),
      expires: z.number().nullish(),
    }),
  )
  .max(mostCookies);

/** As "Cookie-Editor", "EditThisCookie" and Playwright write them. */
function readJson(text: string): Cookie[] {
  const found = jsonCookies.safeParse(parsed(text));
  if (!found.success) {
    throw unfit("This JSON is no list of cookies.", "Export the cookies in the Netscape format instead.");
  }
  return found.data.map(({ domain, expirationDate, expires, ...rest }, index) => {
    const cookie = { ...rest, ...domainOf(domain), expires: seconds(expirationDate ?? expires ?? 0) };
    const problem = problemWith(cookie);
    if (problem) throw unfit(`Cookie ${index + 1} of the list can't be used: ${problem}.`);
    return cookie;
  });
}

function parsed(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text);
    const isWrapped = typeof json === "object" && json !== null && "cookies" in json;
    return isWrapped ? json.cookies : json;
  } catch {
    return null;
  }
}

function domainOf(host: string): { domain: string; below: boolean } {
  return { domain: host.toLowerCase().replace(/^\./, ""), below: host.startsWith(".") };
}

function seconds(time: number): number {
  return Number.isFinite(time) && time > 0 ? Math.trunc(time) : 0;
}

function problemWith({ domain, path, name, value }: Cookie): string | null {
  if (!/^[a-z0-9._-]{1,253}$/.test(domain)) return "its domain is none";
  if (!path.startsWith("/") || /\p{Cc}/u.test(path)) return "its path does not begin with /";
  // RFC 6265 §4.1.1, and what would end the line or the header.
  if (name === "" || /[\p{Cc}\s;=]/u.test(name)) return "its name is none";
  if (/[\p{Cc};]/u.test(value)) return "its value has characters that no cookie has";
  return value.length > 8192 ? "its value is too long" : null;
}

function flag(value: boolean): string {
  return value ? "TRUE" : "FALSE";
}

function unfit(message: string, hint = ""): AppError {
  return new AppError("invalid_input", message, { hint, field: "cookies" });
}
