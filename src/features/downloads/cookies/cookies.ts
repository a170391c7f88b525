import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { CookieJar, User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { withWorkFolder } from "../../../exec/work-folder.ts";
import { probeVideo } from "../../../exec/ytdlp.ts";
import { dataFolder } from "../../../lib/data-folder.ts";
import { AppError, isAppError } from "../../../lib/errors.ts";
import { writePrivateFile } from "../../../lib/private-file.ts";
import { requireMay } from "../../../lib/permissions.ts";
import { checkUrl } from "../../../lib/url-policy.ts";
import { noteAudit } from "../../accounts/accounts.ts";
import { expiryOf, parseCookies, writeNetscape } from "./rules.ts";
import { allJars, deleteJar, findJars, noteTest, putJar } from "./queries.ts";
import { parseSite, sitesFor } from "./site-names.ts";

// What is in a jar goes to yt-dlp and nowhere else: no verb of here gives it back.

type Needs = Pick<Deps, "config" | "db" | "from" | "now">;

/** What is known of every jar, by site. */
export function listCookies({ db }: Pick<Deps, "db">): CookieJar[] {
  return allJars(db);
}

/** `site` and `cookies` as a person gives them; what was there for the site is replaced. */
export function addCookies(deps: Needs, by: User, input: { site: string; cookies: string }): CookieJar {
  requireMay(by, "cookies.manage");
  const site = parseSite(input.site);
  const cookies = parseCookies(input.cookies, site, deps.now());
  const jar = { site, addedBy: by.name, addedAt: deps.now(), expiresAt: expiryOf(cookies) };
  mkdirSync(dataFolder.cookies(deps.config.data.dir), { recursive: true, mode: 0o700 });
  deps.db.transaction(() => {
    putJar(deps.db, jar);
    const detail = cookies.length === 1 ? "1 cookie" : `${cookies.length} cookies`;
    noteAudit(deps, { action: "cookies.add", actor: by, subject: subjectOf(site), detail });
    // Last, so that there is no jar of which nobody knows.
    writePrivateFile(jarFile(deps, site), new TextEncoder().encode(writeNetscape(cookies)));
  });
  return { ...jar, testedAt: null, testError: null };
}

/** `not_found` where there are none. */
export function deleteCookies(deps: Needs, by: User, given: string): void {
  requireMay(by, "cookies.manage");
  const site = parseSite(given);
  deps.db.transaction(() => {
    if (!deleteJar(deps.db, site)) throw noSuchJar();
    noteAudit(deps, { action: "cookies.delete", actor: by, subject: subjectOf(site) });
    rmSync(jarFile(deps, site), { force: true });
  });
}

/**
 * Asks the site with them: for the page at `address`, or for its first page, of which it counts as well that there
 * is no video on it. What came of it is kept with the jar, and returned.
 */
export async function testCookies(
  deps: Needs & Pick<Deps, "egress" | "tools">,
  given: string,
  address: string,
): Promise<CookieJar> {
  const [jar] = findJars(deps.db, [parseSite(given)]);
  if (!jar) throw noSuchJar();
  const url = checkUrl(address.trim() === "" ? `https://${jar.site}/` : address);
  if (findJarFor(deps, url)?.site !== jar.site) {
    throw new AppError("invalid_input", `This link does not lead to ${jar.site}.`, { field: "url" });
  }
  const failure = await withWorkFolder(dataFolder.work(deps.config.data.dir), "cookies", async (folder) => {
    const { file } = takeCookies(deps, url, folder) ?? {};
    const options = { url, folder, cookiesFile: file, deadlineMs: 60_000 };
    return probeVideo(deps, options).then(() => null, onlyExpected);
  });
  const isFine = failure === null || (failure.code === "unsupported_page" && address.trim() === "");
  const result = { testedAt: deps.now(), testError: isFine ? null : failure.message };
  noteTest(deps.db, jar, result);
  return { ...jar, ...result };
}

/** A copy for one job, which yt-dlp may write into. `secrets` are for its log to leave out. */
export interface TakenCookies {
  file: string;
  secrets: string[];
}

/** Null where there are none for the link's host. A copy that an earlier try left is gone in any case. */
export function takeCookies(
  deps: Pick<Deps, "config" | "db">,
  url: URL,
  folder: string,
): TakenCookies | null {
  const copy = join(folder, copyName);
  rmSync(copy, { force: true });
  const jar = findJarFor(deps, url);
  const original = jar && jarFile(deps, jar.site);
  if (original === null || !existsSync(original)) return null;
  const bytes = readFileSync(original);
  writePrivateFile(copy, bytes);
  const lines = bytes.toString().split("\n");
  return { file: copy, secrets: lines.flatMap((line) => line.split("\t")[6] ?? []) };
}

/** What yt-dlp wrote into it is not taken over. */
export function dropCookies(taken: TakenCookies | null): void {
  if (taken) rmSync(taken.file, { force: true });
}

const copyName = ".cookies.txt";

/** The jar of the host itself, or of its nearest parent that has one. */
function findJarFor({ db }: Pick<Deps, "db">, { hostname }: URL): CookieJar | null {
  const names = sitesFor(hostname);
  const jars = findJars(db, names);
  return jars.toSorted((a, b) => names.indexOf(a.site) - names.indexOf(b.site))[0] ?? null;
}

function onlyExpected(error: unknown): AppError {
  if (isAppError(error)) return error;
  throw error;
}

function jarFile({ config }: Pick<Deps, "config">, site: string): string {
  return join(dataFolder.cookies(config.data.dir), `${site}.txt`);
}

function subjectOf(site: string) {
  return { kind: "site", id: null, name: site } as const;
}

function noSuchJar(): AppError {
  return new AppError("not_found", "There are no cookies for this site.");
}
