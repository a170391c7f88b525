import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { addPendingVideo, updateVideo } from "../../src/features/videos/videos.ts";
import { setPassword } from "../../src/features/accounts/accounts.ts";
import type { Role, User } from "../../src/db/schema.ts";
import { form, json, openTestApp, password } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";

let app: TestApp;
const tokens = new Map<string, string>();
let owner: string;
let other: string;
let secretVideo: string;
let ownerDownload: string;
const secretTitle = "Nobody may read this title";
beforeAll(async () => {
  app = openTestApp();
  owner = await join("owner");
  other = await join("other");
  await join("viewer", "viewer");
  secretVideo = addVideo(userOf("owner"), secretTitle);
  updateVideo(app.deps, userOf("owner"), secretVideo, { visibility: "private", tags: ["secret-tag"] });
  const started = await app.request("/api/v1/downloads", {
    as: owner,
    ...json({ url: "https://example.org/secret" }),
  });
  const download = (await started.json()) as { id: string; video_id: string };
  ownerDownload = download.id;
  updateVideo(app.deps, userOf("owner"), download.video_id, { visibility: "private" });
});
afterAll(() => app.close());

async function join(name: string, role?: Role): Promise<string> {
  const token = await app.join(name, role);
  tokens.set(name, token);
  return token;
}

function userOf(name: string): User {
  const user = app.deps.db.query.users.findFirst({ where: (row, { eq }) => eq(row.name, name) }).sync();
  if (!user) throw new Error(`nobody is called ${name}`);
  return user;
}

function addVideo(user: User, title: string): string {
  return app.deps.db.transaction(() =>
    addPendingVideo(app.deps, user, { title, sourceUrl: null, sourceSite: null, tags: [] }),
  );
}

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

// Who passes which door at all: matrix.test.ts.
describe("every door", () => {
  test("that lists shows nothing of it", async () => {
    const lists = ["/", "/?q=nobody", "/?tag=secret-tag", "/api/v1/videos?q=nobody", "/api/v1/downloads"];
    for (const path of [...lists, "/downloads"]) {
      const text = await (await app.request(path, { as: other })).text();
      const said = [secretTitle, "example.org/secret", secretVideo].filter((one) => text.includes(one));
      if (!path.includes("tag=") && text.includes("secret-tag")) said.push("secret-tag");
      expect([path, said]).toEqual([path, []]);
    }
  });

  test("answers what is no request of ours without a fault of its own", async () => {
    const strange = [
      "%00",
      "%ff",
      "%E0%A4%A",
      "%0d%0aSet-Cookie:x=1",
      "..%2f..%2fetc",
      "'",
      "%F0%9F%8E%AC",
      "x".repeat(5000),
    ];
    const admin = await app.join("curious", "admin");
    for (const { method, path: door } of await app.router.routes()) {
      if (!/[:*]/.test(door)) continue;
      for (const id of strange) {
        const path = door
          .replace(/:id|\*/, id)
          .replace(/:picture.*/, "2.jpg")
          .replace(/:form.*/, "name");
        const body = method === "POST" || method === "PATCH" ? json({}, method) : { method };
        const { status, headers } = await app.request(path, { as: admin, ...body });
        expect(headers.has("set-cookie")).toBe(false);
        expect([method, path.slice(0, 60), status < 500]).toEqual([method, path.slice(0, 60), true]);
      }
    }
  });
});

describe("what is sent", () => {
  const send = (path: string, body: BodyInit, type: string) =>
    app.request(path, { as: owner, method: "POST", body, headers: { "content-type": type } });

  test("as broken JSON, or as no JSON, is the sender's mistake", async () => {
    for (const body of ["{", "", "[".repeat(100_000), new Uint8Array([0x7b, 0xff])]) {
      const answer = await send("/api/v1/downloads", body, "application/json");
      expect([answer.status, await codeOf(answer)]).toEqual([422, "invalid_input"]);
    }
    const untyped = await send("/api/v1/downloads", "{}", "text/plain");
    expect([untyped.status, await codeOf(untyped)]).toEqual([422, "invalid_input"]);
  });

  test("as a broken form is the sender's mistake", async () => {
    for (const type of ["multipart/form-data", "multipart/form-data; boundary=x"])
      expect((await send("/downloads", "no such form", type)).status).toBe(422);
  });

  const tooMuch: [path: string, type: string][] = [
    ["/api/v1/auth/login", "application/json"],
    ["/api/v1/downloads", "application/problem+json"],
    ["/login", "application/x-www-form-urlencoded"],
    ["/theme", "multipart/form-data; boundary=x"],
  ];
  test.each(tooMuch)("to %s as %s is not read beyond a megabyte", async (path, type) => {
    let read = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        read += 100_000;
        controller.enqueue(new Uint8Array(100_000).fill(0x61));
      },
    });
    const answer = await send(path, endless, type);
    expect(answer.status).toBe(413);
    expect(read).toBeLessThan(2_000_000);
    const announced = await send(path, "a".repeat(1_000_001), type);
    expect(announced.status).toBe(413);
  });

  test("as a search can hold anything", async () => {
    for (const q of [
      "a\0bcd",
      "\0\0\0",
      '"""',
      "NEAR( a* OR ^b",
      "%_\\",
      "\u{d800}abc",
      "🎬🎬🎬",
      "x".repeat(9000),
    ]) {
      const answer = await app.request(`/?${new URLSearchParams({ q })}`, { as: owner });
      expect([q.slice(0, 20), answer.status]).toEqual([q.slice(0, 20), 200]);
    }
  });

  test("as thousands of tags asks for no more than a video can have", async () => {
    const tags = Array.from({ length: 3000 }, (_, i) => `tag=t${i}`).join("&");
    expect((await app.request(`/?${tags}`, { as: owner })).status).toBe(200);
    expect((await app.request(`/api/v1/videos?${tags}`, { as: owner })).status).toBe(200);
  });
});

describe("an open stream of events", () => {
  /** All that a listener hears of what happens in `during`, or until the stream ends. */
  async function listen(name: string, topic: string, during: () => unknown): Promise<string> {
    const as = tokens.get(name);
    const response = await app.request(`/events?topic=${encodeURIComponent(topic)}`, { as });
    const reader = response.body?.getReader();
    if (!reader) throw new Error("no stream");
    await during();
    // Of this every topic brings word, and what was before it comes first.
    app.deps.events.emit("download.changed", { downloadId: "none", userId: userOf(name).id });
    let heard = "";
    const trays = () => heard.split('"#tray-count"').length - 1;
    while (trays() < 2) {
      const { done, value } = await reader.read();
      if (done) break;
      heard += new TextDecoder().decode(value);
    }
    await reader.cancel();
    return heard;
  }
  const progress = { stage: "Downloading", percent: 5, bytesDone: 1, bytesTotal: 2 };
  const change = () => {
    const userId = userOf("owner").id;
    app.deps.events.progress(secretVideo, userId, { ...progress, bytesPerSecond: 1, secondsLeft: 1 });
    app.deps.events.emit("video.changed", { videoId: secretVideo, userId });
    app.deps.events.emit("download.changed", { downloadId: ownerDownload, userId });
  };

  test.each(["tray", "gallery", "downloads", "video"])(
    "on %s says nothing of what is another's",
    async (name) => {
      const topic = name === "video" ? `video:${secretVideo}` : name;
      for (const who of ["other", "viewer"]) {
        const heard = await listen(who, topic, change);
        expect(heard).not.toContain(secretTitle);
        expect(heard).not.toContain("example.org/secret");
      }
    },
  );

  test("tells its owner, in messages that no title can break", async () => {
    const { $client } = app.deps.db;
    $client.prepare("UPDATE videos SET title = ? WHERE id = ?").run("One\rdata: <b>two</b>", secretVideo);
    const heard = await listen("owner", "gallery", change);
    expect(heard).toContain("One");
    expect(heard).toContain("&lt;b&gt;two");
    expect(heard.split(/\r\n|\r|\n/).every((line) => line === "" || /^(data: |:)/.test(line))).toBe(true);
    $client.prepare("UPDATE videos SET title = ? WHERE id = ?").run(secretTitle, secretVideo);
  });

  test("tells of a hundred changes once", async () => {
    const heard = await listen("owner", "downloads", () => {
      for (let i = 0; i < 100; i++) change();
    });
    expect(heard.split('hx-target="#queue"').length - 1).toBeLessThan(5);
  });

  test("ends with the session that opened it", async () => {
    await join("gone");
    const mine = addVideo(userOf("gone"), "A title from before");
    const changed = () => app.deps.events.emit("video.changed", { videoId: mine, userId: userOf("gone").id });
    expect(await listen("gone", "gallery", changed)).toContain("A title from before");
    const heard = await listen("gone", "gallery", async () => {
      await setPassword(app.deps, null, userOf("gone").id, `another ${password}`);
      changed();
    });
    expect(heard).not.toContain("A title from before");
  });
});

describe("an account whose role was lowered", () => {
  test("still watches what is its own, and adds nothing any more", async () => {
    const token = await app.join("lowered");
    const mine = addVideo(userOf("lowered"), "My own");
    updateVideo(app.deps, userOf("lowered"), mine, { visibility: "private" });
    const started = await app.request("/api/v1/downloads", {
      as: token,
      ...json({ url: "https://example.org/x" }),
    });
    const { id } = (await started.json()) as { id: string };
    await app.request(`/api/v1/downloads/${id}/cancel`, { as: token, method: "POST" });
    app.deps.db.$client.prepare("UPDATE users SET role = 'viewer' WHERE name = 'lowered'").run();

    expect((await app.request(`/videos/${mine}`, { as: token })).status).toBe(200);
    expect((await app.request(`/videos/${mine}/delete`, { as: token, ...form({}) })).status).toBe(403);
    const again = await app.request(`/api/v1/downloads/${id}/retry`, { as: token, method: "POST" });
    expect([again.status, await codeOf(again)]).toEqual([403, "not_allowed"]);
  });
});

test("what an admin starts again for somebody stays theirs", async () => {
  const admin = await app.join("admin", "admin");
  const started = await app.request("/api/v1/downloads", {
    as: owner,
    ...json({ url: "https://example.org/again" }),
  });
  const { id } = (await started.json()) as { id: string };
  await app.request(`/api/v1/downloads/${id}/cancel`, { as: owner, method: "POST" });
  const again = await app.request(`/api/v1/downloads/${id}/retry`, { as: admin, method: "POST" });
  const { video_id: videoId } = (await again.json()) as { video_id: string };
  const video = await app.request(`/api/v1/videos/${videoId}`, { as: admin });
  expect(await video.json()).toMatchObject({ owner: { name: "owner" } });
});
