import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { insertIncoming } from "../../src/features/uploads/incoming/queries.ts";
import { newId } from "../../src/lib/ids.ts";
import { openTestApp, toolSettings } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson } from "../fixtures/cast.ts";

setDefaultTimeout(60_000);

const hostile = `incoming/\u202e<script>alert(1)</script>\nx\u0001${"y".repeat(900)}.mp4`;
const settings = {
  HOMEREEL_STORAGE_DRIVER: "s3",
  HOMEREEL_STORAGE_S3_ENDPOINT: "http://127.0.0.1:1",
  HOMEREEL_STORAGE_S3_BUCKET: "films",
  HOMEREEL_STORAGE_S3_ACCESS_KEY_ID: "nobody",
  HOMEREEL_STORAGE_S3_SECRET_ACCESS_KEY: "nothing",
  HOMEREEL_STORAGE_S3_INCOMING_OWNER: "ada@example.org",
};

let app: TestApp;
let admin: string;
beforeEach(() => open(settings));
afterEach(() => app.close());

async function open(given: Record<string, string>): Promise<void> {
  app = openTestApp(given);
  admin = (await addPerson(app, "ada", "admin")).token;
}

function add(key: string, errorCode: string | null, state: "refused" | "waiting" = "refused"): void {
  const time = app.deps.now();
  insertIncoming(app.deps.db, {
    id: newId(),
    key,
    etag: `"${key}"`,
    modifiedAt: time,
    sizeBytes: 1234,
    state,
    errorCode,
    errorMessage: errorCode && "This is not a video that can be read.",
    errorHint: errorCode && "Choose another file.",
    createdAt: time,
    updatedAt: time,
  });
}

interface Refused {
  items: { key: string; again: string; since: string; size_bytes: number; code: string }[];
  next_cursor: string | null;
  total: number;
}

async function listed(query = "", as = admin): Promise<Refused> {
  const answer = await app.request(`/api/v1/admin/storage/incoming${query}`, { as });
  return (await answer.json()) as Refused;
}

const overview = async () => (await app.request("/admin", { as: admin })).text();

async function homereel(...args: string[]) {
  const main = new URL("../../src/main.ts", import.meta.url).pathname;
  const child = Bun.spawn([process.execPath, main, ...args], {
    env: { PATH: process.env.PATH ?? "", HOMEREEL_DATA_DIR: app.dataDir, ...toolSettings(), ...settings },
    stdout: "pipe",
    stderr: "inherit",
  });
  return { out: await new Response(child.stdout).text(), code: await child.exited };
}

test("what stays in incoming/ is named on the overview, with why and what may come of it", async () => {
  expect(await overview()).not.toContain("incoming/");
  add("incoming/under way.mp4", null, "waiting");
  add("incoming/notes.txt", "not_a_video");
  add("incoming/large.mp4", "quota_exceeded");
  const page = await overview();
  expect(page).toContain("2 files stay in the bucket");
  expect(page).toContain("<bdi>incoming/notes.txt</bdi>");
  expect(page).toContain("This is not a video that can be read. Choose another file.");
  expect(page).toContain("It is taken as soon as it fits.");
  expect(page).not.toContain("under way.mp4");
});

test("its name is text, whatever is in it", async () => {
  add(hostile, "not_a_video");
  const page = await overview();
  expect(page).not.toContain("<script>alert");
  expect(page).not.toContain("\u202e");
  expect(page).toContain("&lt;script&gt;alert(1)");
  expect((await listed()).items[0]?.key).toBe(hostile);
  const { out } = await homereel("storage", "incoming");
  expect(out).toContain("<script>alert(1)</script>");
  for (const character of ["\u202e", "\u0001"]) expect(out).not.toContain(character);
  expect(out.trim().split("\n")).toHaveLength(2);
});

test("however much there is, the overview shows the newest and programs get all of it in pages", async () => {
  for (let n = 1; n <= 250; n++) add(`incoming/${n}.txt`, "not_a_video");
  const page = await overview();
  expect(page).toContain("250 files stay");
  expect(page.match(/<bdi>incoming\//g)).toHaveLength(10);
  expect(page).toContain("<bdi>incoming/250.txt</bdi>");

  const first = await listed("?limit=200");
  const rest = await listed(`?limit=200&cursor=${first.next_cursor}`);
  expect([first.total, first.items.length, rest.items.length]).toEqual([250, 200, 50]);
  expect(rest.next_cursor).toBeNull();
  expect(new Set([...first.items, ...rest.items].map(({ key }) => key)).size).toBe(250);
  expect(first.items[0]).toMatchObject({ key: "incoming/250.txt", size_bytes: 1234, again: "never" });

  const { out, code } = await homereel("storage", "incoming", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toHaveLength(250);
  expect(JSON.parse(out)[249]).toMatchObject({
    key: "incoming/1.txt",
    code: "not_a_video",
    size_bytes: 1234,
  });
});

test("nothing is said where nobody looks whether it is still there", async () => {
  await app.close();
  await open({ ...settings, HOMEREEL_STORAGE_S3_INCOMING_OWNER: "" });
  add("incoming/notes.txt", "not_a_video");
  expect(await listed()).toEqual({ items: [], next_cursor: null, total: 0 });
  expect(await overview()).not.toContain("notes.txt");
});
