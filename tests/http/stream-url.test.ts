import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import {
  changeAccount,
  deleteAccount,
  disableAccount,
  endAllSessions,
} from "../../src/features/accounts/accounts.ts";
import { upsertFile } from "../../src/features/videos/queries.ts";
import { deleteVideo, updateVideo } from "../../src/features/videos/videos.ts";
import { SignedUrls, loadLinkKey } from "../../src/storage/signed-url.ts";
import { addPerson, addVideo } from "../fixtures/cast.ts";
import type { Person } from "../fixtures/cast.ts";
import { mp4Clip } from "../fixtures/media.ts";
import { addReady, openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";

const minute = 60_000;
const hour = 60 * minute;

let shelf: Shelf;
let owner: Person;
let clipId: string;
let now = Date.now;
let count = 0;
beforeAll(async () => {
  shelf = openShelf();
  shelf.app.deps.now = () => now();
  owner = await addPerson(shelf.app, "owner");
  clipId = await addReady(shelf.app, owner.user, await mp4Clip(), { title: "A clip" });
});
afterEach(() => void (now = Date.now));
afterAll(() => shelf.close());

const someone = () => addPerson(shelf.app, `someone${++count}`);
const newVideo = () => addVideo(shelf.app, owner.user, `A video ${++count}`);

async function ask(id: string, query = "", as = owner) {
  const answer = await shelf.app.request(`/api/v1/videos/${id}/stream-url${query}`, { as: as.token });
  const body = (await answer.json()) as { url: string; expires_at: string; field?: string };
  return { status: answer.status, headers: answer.headers, ...body };
}
/** As a player does it, that has nothing but the address. */
async function open(url: string, init: RequestInit = {}): Promise<Response> {
  const { pathname, search } = new URL(url);
  return shelf.app.request(pathname + search, init);
}
const statusOf = async (url: string) => (await open(url)).status;

describe("an address that needs no login", () => {
  test("plays in a program that knows nothing else", async () => {
    const { url } = await ask(clipId);
    const argv = ["ffprobe", "-v", "error", "-show_entries", "format=duration,format_name", "-of", "json"];
    const here = new URL(url);
    const child = Bun.spawn([...argv, shelf.origin + here.pathname + here.search], { stderr: "pipe" });
    const format = JSON.parse(await new Response(child.stdout).text()) as { format: { format_name: string } };
    expect(format.format.format_name).toContain("mp4");
  });

  test("gives ranges, type and length, also to HEAD", async () => {
    const { url } = await ask(clipId);
    expect(new URL(url).pathname).toBe(`/signed/${clipId}/stream.mp4`);
    const part = await open(url, { headers: { range: "bytes=4-7" } });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-type")).toBe("video/mp4");
    expect(await part.text()).toBe("ftyp");
    const head = await open(url, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe(String(Bun.file(await mp4Clip()).size));
    expect(head.headers.get("accept-ranges")).toBe("bytes");
  });

  test("is there for the file as it came, under its title, and for pictures", async () => {
    const original = await open((await ask(clipId, "?part=original")).url);
    expect(original.headers.get("content-disposition")).toBe('attachment; filename="A clip.mp4"');
    for (const part of ["poster", "1", "2", "3"]) {
      const picture = await open((await ask(clipId, `?part=${part}`)).url);
      expect([picture.status, picture.headers.get("content-type")]).toEqual([200, "image/jpeg"]);
    }
  });

  test("begins where Homereel is reached, and is kept by no cache", async () => {
    const answer = await ask(clipId);
    expect(answer.url).toStartWith("http://shelf.test/signed/");
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  test("lasts a quarter of an hour, pictures an hour, or as long as asked for, up to a day", async () => {
    const second = Math.floor(Date.now() / 1000) * 1000;
    now = () => second + 500;
    const lasts = async (query: string) => Date.parse((await ask(clipId, query)).expires_at) - second;
    expect(await lasts("")).toBe(15 * minute);
    expect(await lasts("?part=poster")).toBe(hour);
    expect(await lasts("?expires_in=3600")).toBe(hour);
    expect(await lasts("?expires_in=86400")).toBe(24 * hour);
    for (const wrong of ["86401", "0", "-1", "1.5", "soon"]) {
      const { status, field } = await ask(clipId, `?expires_in=${wrong}`);
      expect([status, field]).toEqual([422, "expires_in"]);
    }
  });

  test("is handed to nobody who may not watch", async () => {
    const id = newVideo();
    updateVideo(shelf.app.deps, owner.user, id, { visibility: "private" });
    expect((await ask(id, "", await someone())).status).toBe(404);
    expect((await ask(id)).status).toBe(200);
  });
});

describe("it ends", () => {
  test("when its time is over, and does not come back when the clock is set back", async () => {
    const start = Date.now();
    now = () => start;
    const { url } = await ask(newVideo());
    now = () => start + 14 * minute;
    expect(await statusOf(url)).toBe(200);
    now = () => start + 15 * minute;
    expect(await statusOf(url)).toBe(403);
    now = () => start + minute;
    expect(await statusOf(url)).toBe(403);
  });

  test("for a clock that was set back to before it was made", async () => {
    const { url } = await ask(newVideo());
    const start = Date.now();
    now = () => start - hour;
    expect(await statusOf(url)).toBe(403);
  });

  test("with the video", async () => {
    const id = newVideo();
    const { url } = await ask(id);
    deleteVideo(shelf.app.deps, owner.user, id);
    expect(await statusOf(url)).toBe(404);
  });

  test("with the right to watch it", async () => {
    const id = newVideo();
    const { url } = await ask(id, "", await someone());
    const { url: ownersUrl } = await ask(id);
    updateVideo(shelf.app.deps, owner.user, id, { visibility: "private" });
    expect(await statusOf(url)).toBe(404);
    expect(await statusOf(ownersUrl)).toBe(200);
  });

  const ends: [string, (person: Person) => unknown][] = [
    ["account, when it is disabled", ({ user }) => disableAccount(shelf.app.deps, null, user.id)],
    ["account, when it is deleted", ({ user }) => deleteAccount(shelf.app.deps, null, user.id, "")],
    ["sessions, all of them at once", ({ user }) => endAllSessions(shelf.app.deps, user, user)],
    ["role", ({ user }) => changeAccount(shelf.app.deps, null, user.id, { role: "viewer" })],
  ];
  test.each(ends)("with the %s", async (_, end) => {
    const person = await someone();
    const { url } = await ask(newVideo(), "", person);
    expect(await statusOf(url)).toBe(200);
    await end(person);
    expect(await statusOf(url)).toBe(403);
  });

  test("where another file has taken the place of this one", async () => {
    const id = newVideo();
    const { url } = await ask(id);
    const file = shelf.app.deps.db.query.files.findFirst({ where: (row, { eq }) => eq(row.videoId, id) });
    const row = file.sync();
    if (!row) throw new Error("no file");
    upsertFile(shelf.app.deps.db, { ...row, sha256: "0".repeat(64) });
    expect(await statusOf(url)).toBe(403);
  });
});

describe("nobody gets in", () => {
  test("by changing anything about it", async () => {
    const [id, otherId] = [newVideo(), newVideo()];
    const { url } = await ask(id, "", await someone());
    const { url: other } = await ask(otherId);
    const change = (name: string, value: string) => {
      const changed = new URL(url);
      changed.searchParams.set(name, value);
      return changed.href;
    };
    const signature = new URL(url).searchParams.get("signature") ?? "";
    const last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const sameBytes = signature.slice(0, -1) + last[last.indexOf(signature.at(-1) ?? "") ^ 1];
    const wrong = [
      url.replace(id, otherId),
      url.replace("stream.mp4", "original.mp4"),
      change("by", owner.user.id),
      change("version", "2"),
      change("until", "99999999999"),
      change("from", "0"),
      change("of", "0".repeat(64)),
      change("signature", new URL(other).searchParams.get("signature") ?? ""),
      change("signature", sameBytes),
      change("signature", ""),
      change("signature", "x".repeat(1000)),
      change("until", "soon"),
      url.split("?")[0] ?? "",
    ];
    for (const one of wrong) expect([one, await statusOf(one)]).toEqual([one, 403]);
    expect(await statusOf(url)).toBe(200);
  });

  test("with the key of another data folder", async () => {
    const { url } = await ask(newVideo());
    const { pathname, searchParams } = new URL(url);
    const key = loadLinkKey(shelf.app.dataDir);
    expect(new SignedUrls(key).read(pathname, searchParams, Date.now())).not.toBeNull();
    const otherKey = Uint8Array.from(key, (byte) => byte ^ 1);
    expect(new SignedUrls(otherKey).read(pathname, searchParams, Date.now())).toBeNull();
  });

  test("by reading the key: it is for its owner's eyes only", () => {
    expect(statSync(join(shelf.app.dataDir, "links.key")).mode & 0o777).toBe(0o600);
  });
});
