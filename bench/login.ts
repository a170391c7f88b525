// What 50 logins at once do to somebody who looks at the gallery meanwhile: the real program, 60 videos, a person who asks
// for the page again and again, with the logins and without, in turn. `bun bench/login.ts [pairs]`
import { closeDatabase, openDatabase } from "../src/db/open.ts";
import { users, videos } from "../src/db/schema.ts";
import { hashPassword } from "../src/features/accounts/sessions/passwords.ts";
import { newId } from "../src/lib/ids.ts";
import { paths } from "../src/paths.ts";
import { password } from "../tests/fixtures/app.ts";
import { adminEmail, newDataDir, startServer } from "../tests/fixtures/server.ts";
import { compare, spread } from "./ratio.ts";

const pairs = Number(process.argv[2] ?? 15);
const loginsAtOnce = 50;
const idleMs = 500;
const goal = 3;

const data = newDataDir();
const server = await startServer({
  dataDir: data.path,
  // All come from one address here. What strangers may try is not what is measured.
  settings: {
    HOMEREEL_LIMITS_LOGINS_PER_ACCOUNT: "10000",
    HOMEREEL_LIMITS_LOGINS_PER_ADDRESS: "10000",
  },
});
const found: Record<"idle" | "busy", { p50: number[]; p95: number[] }> = {
  idle: { p50: [], p95: [] },
  busy: { p50: [], p95: [] },
};
const allLoginsMs: number[] = [];
try {
  const people = await fillShelf(data.path);
  const { token } = (await (await logIn(adminEmail, password)).json()) as { token: string };
  const cookie = `homereel=${token}`;

  const { ratio } = await compare(
    "ms of a gallery page, p95",
    { name: `${loginsAtOnce} logins at once`, run: () => lookWhile("busy", cookie, logInTogether(people)) },
    { name: "idle", run: () => lookWhile("idle", cookie, Bun.sleep(idleMs)) },
    { pairs },
  );
  const p50 = { idle: spread(found.idle.p50).median, busy: spread(found.busy.p50).median };
  console.log(
    `p50: ${p50.busy.toFixed(2)} ms with the logins, ${p50.idle.toFixed(2)} idle: ${(p50.busy / p50.idle).toFixed(2)}×`,
  );
  console.log(
    `p95: ${ratio.median.toFixed(2)}× idle  goal under ${goal}×: ${ratio.median < goal ? "met" : "MISSED"}`,
  );
  console.log(`all ${loginsAtOnce} logins: ${spread(allLoginsMs).median.toFixed(0)} ms`);
} finally {
  await server.stop();
  data.remove();
}

/** One request after the other until `meanwhile` is over; the p95 of their times. */
async function lookWhile(as: "idle" | "busy", cookie: string, meanwhile: Promise<void>): Promise<number> {
  const end = new AbortController();
  const ended = meanwhile.finally(() => end.abort());
  const times: number[] = [];
  while (!end.signal.aborted) times.push(await look(cookie));
  await ended;
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  found[as].p50.push(at(0.5));
  found[as].p95.push(at(0.95));
  return at(0.95);
}

async function look(cookie: string): Promise<number> {
  const startedAt = performance.now();
  const response = await fetch(server.origin + paths.gallery(), { headers: { cookie } });
  const page = await response.text();
  const took = performance.now() - startedAt;
  if (!page.includes("Bench 59")) throw new Error(`no gallery, but ${response.status}`);
  return took;
}

/** In turn somebody's right password, a wrong one, and an e-mail that nobody has. */
async function logInTogether(people: string[]): Promise<void> {
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: loginsAtOnce }, async (_, i) => {
      const person = people[i % people.length] ?? "";
      const [email, word, status] = [
        [person, password, 200] as const,
        [person, "a wrong password", 401] as const,
        [`nobody-${i}@example.org`, password, 401] as const,
      ][i % 3] as readonly [string, string, number];
      const response = await logIn(email, word);
      await response.arrayBuffer();
      if (response.status !== status) throw new Error(`a login was answered with ${response.status}`);
    }),
  );
  allLoginsMs.push(performance.now() - startedAt);
}

function logIn(email: string, word: string): Promise<Response> {
  return fetch(`${server.origin}/api/v1/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password: word }),
  });
}

/** Videos that are READY, without waiting for them, and people; returns their e-mails. */
async function fillShelf(dataDir: string): Promise<string[]> {
  const passwordHash = await hashPassword(password);
  const db = openDatabase(dataDir);
  const owner = db.select().from(users).get();
  const times = { createdAt: Date.now(), updatedAt: Date.now() };
  const emails = Array.from({ length: 10 }, (_, i) => `person-${i}@example.org`);
  for (const email of emails) {
    db.insert(users)
      .values({ id: newId(), email, name: email, role: "viewer", passwordHash, ...times })
      .run();
  }
  for (let i = 0; i < 60; i++) {
    const common = { id: newId(), ownerId: owner?.id ?? "", title: `Bench ${i}`, state: "READY" } as const;
    db.insert(videos)
      .values({ ...common, mime: "video/mp4", sizeBytes: 1e6, durationSeconds: 60, ...times })
      .run();
  }
  closeDatabase(db);
  return emails;
}
