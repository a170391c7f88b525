import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../scripts/checks/http.ts";
import {
  changeAccount,
  createResetLink,
  createUser,
  disableAccount,
  getUserByEmail,
  listAudit,
} from "../../src/features/accounts/accounts.ts";
import { requestEmailChange } from "../../src/features/accounts/own/email-change.ts";
import { form, json, openTestApp, password } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { adminEmail, newDataDir, startServer } from "../fixtures/server.ts";
import type { Server } from "../fixtures/server.ts";
import { startSmtp } from "../fixtures/smtp.ts";
import type { ReceivedMail, Smtp, SmtpOptions } from "../fixtures/smtp.ts";

const newPassword = "quite another one";

let smtp: Smtp;
let app: TestApp;
/** Who the test is about; everyone has an account of their own. */
let name: string;
let email: string;
let count = 0;

async function openShelf(options: SmtpOptions = {}, settings: Record<string, string> = {}): Promise<void> {
  smtp = await startSmtp(options);
  app = openTestApp({ ...mailSettings(smtp.url), ...generous, ...settings });
  await app.start();
}

async function closeShelf(): Promise<void> {
  await app.close();
  await smtp.stop();
}

const mailSettings = (url: string) => ({
  HOMEREEL_MAIL_URL: url,
  HOMEREEL_MAIL_FROM: "Homereel <shelf@example.org>",
  HOMEREEL_SERVER_PUBLIC_URL: "http://shelf.test",
});

const generous = {
  HOMEREEL_LIMITS_MAILS_PER_ADDRESS: "1000",
  HOMEREEL_LIMITS_CODES_PER_ADDRESS: "1000",
  HOMEREEL_LIMITS_LOGINS_PER_ADDRESS: "1000",
};

beforeEach(() => {
  name = `ada${++count}`;
  email = `${name}@example.org`;
});

/** What is in the mails to an address once all jobs that are due have run. */
async function mailsTo(address: string): Promise<ReceivedMail[]> {
  await app.idle();
  return smtp.messages.filter(({ to }) => to.includes(address));
}

/** The secret of the link in the newest mail to an address. */
async function mailedSecret(address: string, path = "/reset"): Promise<string> {
  const { text = "" } = (await mailsTo(address)).at(-1) ?? {};
  const found = new RegExp(`^http://shelf\\.test${path}\\?token=([\\w-]{43})$`, "m").exec(text)?.[1];
  if (!found) throw new Error(`there is no link in: ${text}`);
  return found;
}

async function forgottenBy(address: string): Promise<string> {
  expect((await app.request("/forgot", form({ email: address }))).status).toBe(200);
  return mailedSecret(address);
}

const reset = (token: string, chosen = newPassword) =>
  app.request("/reset", form({ token, password: chosen }));
const statusOfLogin = async (address: string, tried: string) =>
  (await app.request("/api/v1/auth/login", json({ email: address, password: tried }))).status;
const jobsOf = (address: string) =>
  app.deps.db.all<{ name: string; state: string; attempts: number }>(
    `SELECT name, state, attempts FROM jobs WHERE payload LIKE '%${address}%'`,
  );
/** As if so much time had passed. */
const ageLinks = (ms: number) => app.deps.db.run(`UPDATE account_links SET expires_at = expires_at - ${ms}`);
const minute = 60_000;

describe("a forgotten password", () => {
  beforeAll(() => openShelf());
  afterAll(closeShelf);

  test("has the same answer whoever has the address, on the page and for programs", async () => {
    await app.join(name);
    const unknown = `no.${email}`;
    const ask = async (address: string) => {
      const page = await app.request("/forgot", form({ email: address }));
      const call = await app.request("/api/v1/auth/forgot", json({ email: address }));
      const html = (await page.text()).replaceAll(address.trim(), "").replaceAll(/nonce="[^"]*"/g, "");
      return { page: page.status, html, call: call.status, body: await call.text() };
    };
    const known = await ask(` ${email.toUpperCase()} `);
    expect(known).toMatchObject({ page: 200, call: 202, body: "" });
    expect(known.html).toContain("Look into your mail");
    expect(await ask(` ${unknown.toUpperCase()} `)).toEqual(known);

    await app.idle();
    for (const address of [email, unknown]) {
      expect(jobsOf(`"${address}"`).at(-1)).toMatchObject({ name: "reset-mail", state: "done" });
      const { items } = listAudit(app.deps, { action: "password.forgot", q: address });
      const row = items.find(({ subjectName }) => subjectName === address);
      expect(row).toMatchObject({ actorId: null, subjectId: null });
    }
    expect(await mailsTo(unknown)).toEqual([]);
    expect((await mailsTo(email)).length).toBeGreaterThan(0);
  });

  test("of what is no address is said at once", async () => {
    const page = await app.request("/forgot", form({ email: "ada, eve@example.org" }));
    expect(page.status).toBe(422);
    expect(await page.text()).toContain("This is no e-mail address");
    const call = await app.request("/api/v1/auth/forgot", json({ email: "ada" }));
    expect(await call.json()).toMatchObject({ code: "invalid_input", field: "email" });
  });

  test("is set anew by the mailed link, which looking at does not use up, once", async () => {
    const session = await app.join(name);
    const secret = await forgottenBy(email);
    for (let i = 0; i < 3; i++) {
      const page = await app.request(`/reset?token=${secret}`);
      expect(page.status).toBe(200);
      expect(await page.text()).toContain(email);
    }
    const short = await reset(secret, "short");
    expect(short.status).toBe(422);
    expect(await short.text()).toContain("shorter than 10 characters");
    expect(await statusOfLogin(email, password)).toBe(200);

    const done = await reset(secret);
    expect(done.status).toBe(200);
    expect(await done.text()).toContain("Your password is changed");
    expect(await statusOfLogin(email, newPassword)).toBe(200);
    expect(await statusOfLogin(email, password)).toBe(401);
    expect((await app.request("/api/v1/videos", { as: session })).status).toBe(401);

    const again = await reset(secret, "one more password");
    expect(again.status).toBe(403);
    expect(await again.text()).toContain("not valid any more");
    expect((await app.request(`/reset?token=${secret}`)).status).toBe(403);
    expect(await statusOfLogin(email, newPassword)).toBe(200);
  });

  test("that was set anew is told to its owner, and written down", async () => {
    await app.join(name);
    await reset(await forgottenBy(email));
    expect((await mailsTo(email)).at(-1)?.subject).toBe("Your password for Homereel was changed");
    const { id } = getUserByEmail(app.deps, email);
    expect(listAudit(app.deps, { action: "account.password", q: email }).items).toMatchObject([
      { subjectId: id, actorId: null, detail: "by a mailed link" },
    ]);
  });

  test("is set by programs too", async () => {
    await app.join(name);
    const call = (body: object) => app.request("/api/v1/auth/reset", json(body));
    const token = await forgottenBy(email);
    expect(await (await call({ token, password: "short" })).json()).toMatchObject({
      code: "invalid_input",
      field: "password",
    });
    expect((await call({ token, password: newPassword })).status).toBe(204);
    const used = await call({ token, password: newPassword });
    expect(used.status).toBe(403);
    expect(await used.json()).toMatchObject({ code: "link_invalid" });
    expect(await statusOfLogin(email, newPassword)).toBe(200);
  });

  test("is not set by two who open the link at the same moment", async () => {
    await app.join(name);
    const secret = await forgottenBy(email);
    const tries = [reset(secret, "the first of two"), reset(secret, "the second of two")];
    const both = (await Promise.all(tries)).map(({ status }) => status);
    expect(both.toSorted((a, b) => a - b)).toEqual([200, 403]);
  });

  test("is not set by a link whose half an hour is over, even if the clock is set back", async () => {
    await app.join(name);
    const secret = await forgottenBy(email);
    ageLinks(29 * minute);
    expect((await app.request(`/reset?token=${secret}`)).status).toBe(200);
    ageLinks(minute);
    expect((await reset(secret)).status).toBe(403);
    ageLinks(-60 * minute);
    expect((await reset(secret)).status).toBe(403);
    expect(await statusOfLogin(email, password)).toBe(200);
  });

  test("is not set by an older link once there is a newer one", async () => {
    await app.join(name);
    const older = await forgottenBy(email);
    const newer = await forgottenBy(email);
    expect((await reset(older)).status).toBe(403);
    expect((await reset(newer)).status).toBe(200);
  });

  test("is not set by what was made up", async () => {
    for (const token of ["", "x", "a".repeat(43), "' OR 1=1 --", "%00"]) {
      expect((await app.request(`/reset?token=${encodeURIComponent(token)}`)).status).toBe(403);
      expect((await reset(token)).status).toBe(403);
    }
    const secret = await forgottenBy(await joined());
    expect((await app.request("/confirm-email", form({ token: secret }))).status).toBe(403);
  });

  test("of a disabled account stays, and its link is like any invalid one", async () => {
    const address = await joined();
    const secret = await forgottenBy(address);
    disableAccount(app.deps, null, getUserByEmail(app.deps, address).id);
    const textOf = async (response: Promise<Response>) =>
      (await (await response).text()).replaceAll(/nonce="[^"]*"/g, "").replaceAll(/token=[\w-]+/g, "");
    const madeUp = await textOf(app.request(`/reset?token=${"a".repeat(43)}`));
    expect(await textOf(app.request(`/reset?token=${secret}`))).toBe(madeUp);
    expect((await reset(secret)).status).toBe(403);
    const before = (await mailsTo(address)).length;
    expect((await app.request("/forgot", form({ email: address }))).status).toBe(200);
    expect((await mailsTo(address)).length).toBe(before);
  });

  test("is mailed a link to public_url, whatever host the request names", async () => {
    const address = await joined();
    const ask = (headers: Record<string, string>) =>
      app.request("/forgot", { ...form({ email: address }), headers });
    expect((await ask({ host: "evil.example" })).status).toBe(403);
    expect(await mailsTo(address)).toEqual([]);
    const forged = { host: "localhost", "x-forwarded-host": "evil.example", forwarded: "host=evil.example" };
    expect((await ask(forged)).status).toBe(200);
    expect((await mailsTo(address)).length).toBe(1);
    expect((await reset(await mailedSecret(address))).status).toBe(200);
    expect(smtp.messages.at(-1)?.raw).not.toContain("evil.example");
  });

  test.each([
    "Ada\r\nBcc: eve@example.org",
    "Eve, you won: https://evil.example/",
    '<img src="https://evil.example/x">',
    "\u202egnp.exe \0",
  ])("of somebody called %j is mailed to nobody else, and as text", async (hostile) => {
    const address = await joined();
    changeAccount(app.deps, null, getUserByEmail(app.deps, address).id, { name: hostile });
    await forgottenBy(address);
    const mail = (await mailsTo(address)).at(-1);
    expect(mail?.to).toEqual([address]);
    expect(mail?.header("bcc")).toBe("");
    expect(mail?.header("to")).toBe(address);
    expect(mail?.html).not.toContain("<img");
    expect(mail?.text).not.toContain("evil.example/");
  });

  test("ends the links that were open for the account", async () => {
    const address = await joined();
    const moved = `moved.${address}`;
    requestEmailChange(app.deps, getUserByEmail(app.deps, address), moved);
    const toMove = await mailedSecret(moved, "/confirm-email");
    await reset(await forgottenBy(address));
    expect((await app.request("/confirm-email", form({ token: toMove }))).status).toBe(403);
  });
});

/** Somebody with an account, by e-mail. */
async function joined(): Promise<string> {
  await app.join(name);
  return email;
}

describe("mails to one address", () => {
  beforeAll(() => openShelf());
  afterAll(closeShelf);

  test("are limited, the same for known and unknown ones, however they are written", async () => {
    await app.join(name);
    for (const address of [email, `no.${email}`]) {
      for (let i = 0; i < 5; i++) await app.request("/forgot", form({ email: address }));
      const page = await app.request("/forgot", form({ email: ` ${address.toUpperCase()}` }));
      const call = await app.request("/api/v1/auth/forgot", json({ email: address }));
      for (const { status, headers } of [page, call]) {
        expect(status).toBe(429);
        expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
      }
    }
  });

  test("come once, also when they are asked for twice before the first is sent", async () => {
    await app.join(name);
    await Promise.all([1, 2, 3].map(() => app.request("/forgot", form({ email }))));
    const mails = await mailsTo(email);
    expect((await reset(await mailedSecret(email))).status).toBe(200);
    expect(mails.length).toBe(1);
  });
});

describe("links that are tried", () => {
  beforeAll(() => openShelf({}, { HOMEREEL_LIMITS_CODES_PER_ADDRESS: "4" }));
  afterAll(closeShelf);

  test("are limited for each address, pages and calls together", async () => {
    await app.request("/reset?token=x");
    await reset("x");
    await app.request("/confirm-email?token=x");
    await app.request("/api/v1/auth/reset", json({ token: "x", password: newPassword }));
    const last = [await app.request("/reset?token=x"), await reset("x")];
    for (const { status, headers } of last) {
      expect(status).toBe(429);
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    }
  });
});

describe("a mail server", () => {
  afterEach(closeShelf);

  test("that is down is tried again, with a fresh link", async () => {
    await openShelf();
    const port = Number(new URL(smtp.url).port);
    await app.join(name);
    await smtp.stop();
    expect((await app.request("/forgot", form({ email }))).status).toBe(200);
    await app.idle();
    expect(jobsOf(email)).toMatchObject([{ state: "ready", attempts: 1 }]);
    smtp = await startSmtp({ port });
    app.deps.db.run(`UPDATE jobs SET run_at = 0 WHERE name = 'reset-mail'`);
    expect((await reset(await mailedSecret(email))).status).toBe(200);
    expect(jobsOf(email)).toMatchObject([{ state: "done", attempts: 2 }]);
  });

  test("that was down is tried at once for whoever asks again", async () => {
    await openShelf();
    const port = Number(new URL(smtp.url).port);
    await app.join(name);
    await smtp.stop();
    await app.request("/forgot", form({ email }));
    await app.idle();
    smtp = await startSmtp({ port });
    expect((await reset(await forgottenBy(email))).status).toBe(200);
    expect((await mailsTo(email)).length).toBe(2);
  });

  test("that will never take the address is not tried again", async () => {
    await openShelf({ refuse: { [email]: 550 } });
    await app.join(name);
    await app.request("/forgot", form({ email }));
    await app.idle();
    expect(jobsOf(email)).toMatchObject([{ state: "failed", attempts: 1 }]);
  });
});

describe("the secret of a mailed link", () => {
  test("outlives a restart, and is in no file and in no log", async () => {
    const mails = await startSmtp();
    const data = newDataDir();
    // Links are made from the address that the server is told to have.
    const port = String(freePort());
    const settings = {
      ...mailSettings(mails.url),
      HOMEREEL_SERVER_PUBLIC_URL: `http://127.0.0.1:${port}`,
      HOMEREEL_SERVER_PORT: port,
      HOMEREEL_LOG_LEVEL: "debug",
    };
    const servers: Server[] = [];
    const start = async () => {
      const server = await startServer({ dataDir: data.path, settings });
      servers.push(server);
      return server;
    };
    const post = ({ origin }: Server, path: string, body: object) => fetch(origin + path, json(body));
    try {
      const first = await start();
      await post(first, "/api/v1/auth/forgot", { email: adminEmail });
      const mail = await mails.next();
      const token = /token=([\w-]{43})$/m.exec(mail.text)?.[1] ?? "";
      expect(token).not.toBe("");
      const page = await fetch(`${first.origin}/reset?token=${token}`);
      expect(page.status).toBe(200);
      const files = bytesIn(data.path);
      expect(files).toContain(adminEmail);
      expect(files).not.toContain(token);
      await first.stop();
      expect(bytesIn(data.path)).not.toContain(token);

      const second = await start();
      const answer = await post(second, "/api/v1/auth/reset", { token, password: newPassword });
      expect(answer.status).toBe(204);
      await post(second, "/api/v1/auth/reset", { token, password: newPassword });
      const login = { email: adminEmail, password: newPassword };
      expect((await post(second, "/api/v1/auth/login", login)).status).toBe(200);
      await second.stop();
      const printed = first.output() + second.output();
      expect(printed).toContain("Homereel is at");
      for (const secret of [token, newPassword]) expect(printed).not.toContain(secret);
    } finally {
      for (const server of servers) await server.kill();
      data.remove();
      await mails.stop();
    }
  });
});

/** All files of the data folder, one after the other. */
function bytesIn(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join("");
}

describe("a link that an admin makes", () => {
  beforeAll(() => openShelf());
  afterAll(closeShelf);
  const newUser = (as: string, role: string) =>
    createUser(app.deps, null, { name: as, email: `${as}@example.org`, password, role });

  test("sets the password within a day, once, and says who made it", async () => {
    const admin = await newUser(`admin.${name}`, "admin");
    const user = await newUser(name, "user");
    const { path, expiresAt } = createResetLink(app.deps, admin, user.id);
    const inHours = (expiresAt - app.deps.now()) / (60 * minute);
    expect(inHours).toBeGreaterThan(23.9);
    expect(inHours).toBeLessThanOrEqual(24);
    expect((await app.request(path)).status).toBe(200);
    ageLinks(23 * 60 * minute);
    const token = new URLSearchParams(path.split("?")[1]).get("token") ?? "";
    expect((await reset(token)).status).toBe(200);
    expect((await reset(token)).status).toBe(403);
    expect(await statusOfLogin(email, newPassword)).toBe(200);
    const { items } = listAudit(app.deps, { q: email });
    expect(items).toContainEqual(
      expect.objectContaining({ action: "password.link", actorId: admin.id, subjectId: user.id }),
    );
    expect(items).toContainEqual(
      expect.objectContaining({ action: "account.password", detail: "by an admin's link" }),
    );
    expect(JSON.stringify(items)).not.toContain(token);
  });

  test("ends the one before, and is made by admins only, for accounts that may log in", async () => {
    const admin = await newUser(`admin.${name}`, "admin");
    const user = await newUser(name, "user");
    const before = createResetLink(app.deps, admin, user.id);
    const { path } = createResetLink(app.deps, admin, user.id);
    expect((await app.request(before.path)).status).toBe(403);
    expect((await app.request(path)).status).toBe(200);
    expect(() => createResetLink(app.deps, user, admin.id)).toThrow("Only admins");
    disableAccount(app.deps, null, user.id);
    expect(() => createResetLink(app.deps, admin, user.id)).toThrow("This account is disabled");
    expect((await app.request(path)).status).toBe(403);
    expect(() => createResetLink(app.deps, admin, "nobody")).toThrow("no such account");
  });
});

describe("a changed e-mail", () => {
  beforeAll(() => openShelf());
  afterAll(closeShelf);
  const confirm = (token: string) => app.request("/confirm-email", form({ token }));
  let moved: string;
  beforeEach(() => (moved = `moved.${email}`));
  const ask = async (to = moved) => {
    expect(requestEmailChange(app.deps, getUserByEmail(app.deps, email), to)).toBe("mailed");
    return mailedSecret(to.toLowerCase(), "/confirm-email");
  };

  test("is one once the link to the new address was opened and the button pressed", async () => {
    const session = await app.join(name);
    const secret = await ask(moved.toUpperCase());
    const page = await app.request(`/confirm-email?token=${secret}`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain(moved);
    expect(await statusOfLogin(email, password)).toBe(200);

    const done = await confirm(secret);
    expect(done.status).toBe(200);
    expect(await done.text()).toContain("Your e-mail is changed");
    expect(await statusOfLogin(email, password)).toBe(401);
    expect(await statusOfLogin(moved, password)).toBe(200);
    expect((await app.request("/api/v1/videos", { as: session })).status).toBe(200);
    expect((await confirm(secret)).status).toBe(403);

    const told = await mailsTo(email);
    expect(told.map(({ subject }) => subject)).toEqual(["Your e-mail address for Homereel was changed"]);
    expect(told[0]?.text).toContain(moved);
    const { items } = listAudit(app.deps, { action: "account.email", q: moved });
    expect(items).toMatchObject([{ detail: `${email} → ${moved}`, actorName: name }]);
  });

  test("is confirmed by somebody who is logged in, too", async () => {
    const session = await app.join(name);
    const secret = await ask();
    const as = { as: session };
    expect((await app.request(`/confirm-email?token=${secret}`, as)).status).toBe(200);
    const done = await app.request("/confirm-email", { ...form({ token: secret }), ...as });
    expect(done.status).toBe(200);
    expect(await done.text()).not.toContain(`<span>${email}</span>`);
    expect(getUserByEmail(app.deps, moved).name).toBe(name);
  });

  test("is none where somebody took the address meanwhile; the link says so until it is free", async () => {
    await app.join(name);
    const secret = await ask();
    const other = await createUser(app.deps, null, { name: "Bob", email: moved, password, role: "user" });
    const taken = await confirm(secret);
    expect(taken.status).toBe(409);
    expect(await taken.text()).toContain("There is an account with the e-mail");
    expect(getUserByEmail(app.deps, email).name).toBe(name);
    changeAccount(app.deps, null, other.id, { email: `other.${moved}` });
    expect((await confirm(secret)).status).toBe(200);
  });

  test("is asked for in the same way whether or not somebody has the address", async () => {
    await app.join(name);
    await createUser(app.deps, null, { name: "Bob", email: moved, password, role: "user" });
    expect((await confirm(await ask())).status).toBe(409);
  });

  test("is asked for anew: the link before ends, and so does a link for a new password", async () => {
    await app.join(name);
    const toReset = await forgottenBy(email);
    const older = await ask();
    const newer = await ask(`2.${moved}`);
    expect((await confirm(older)).status).toBe(403);
    expect((await confirm(newer)).status).toBe(200);
    expect((await reset(toReset)).status).toBe(403);
    expect(getUserByEmail(app.deps, `2.${moved}`).name).toBe(name);
  });

  test("is none after a day, for a disabled account, or by a link for something else", async () => {
    await app.join(name);
    const late = await ask();
    ageLinks(24 * 60 * minute);
    expect((await app.request(`/confirm-email?token=${late}`)).status).toBe(403);
    expect((await confirm(late)).status).toBe(403);
    const secret = await ask();
    expect((await reset(secret)).status).toBe(403);
    disableAccount(app.deps, null, getUserByEmail(app.deps, email).id);
    expect((await confirm(secret)).status).toBe(403);
  });

  test("is said to be none where it is the same, or none at all", async () => {
    await app.join(name);
    const user = getUserByEmail(app.deps, email);
    for (const wrong of [` ${email.toUpperCase()}`, "ada", "", "a@b.example, c@d.example"]) {
      expect(() => requestEmailChange(app.deps, user, wrong)).toThrow(
        expect.objectContaining({ code: "invalid_input", field: "email" }),
      );
    }
  });
});

describe("without a mail server", () => {
  beforeAll(async () => {
    app = openTestApp(generous);
    await app.start();
  });
  afterAll(() => app.close());

  test("the page has no form, and says who can help", async () => {
    await app.join(name);
    const page = await app.request("/forgot");
    expect(page.status).toBe(200);
    const html = await page.text();
    expect(html).toContain("Ask an admin");
    expect(html).not.toContain('action="/forgot"');
    for (const address of [email, `no.${email}`]) {
      const sent = await app.request("/forgot", form({ email: address }));
      expect(sent.status).toBe(503);
      expect(await sent.text()).toContain("Ask an admin");
      const call = await app.request("/api/v1/auth/forgot", json({ email: address }));
      expect(call.status).toBe(503);
      expect(await call.json()).toMatchObject({ code: "unavailable" });
      expect(jobsOf(address)).toEqual([]);
    }
  });

  test("an admin's link works, and an e-mail is changed at once", async () => {
    const admin = await createUser(app.deps, null, {
      name: "Root",
      email: `root.${email}`,
      role: "admin",
      password,
    });
    await app.join(name);
    const user = getUserByEmail(app.deps, email);
    const { path } = createResetLink(app.deps, admin, user.id);
    const moved = `moved.${email}`;
    expect(() => requestEmailChange(app.deps, user, admin.email)).toThrow(
      expect.objectContaining({ code: "conflict", field: "email" }),
    );
    expect(requestEmailChange(app.deps, user, moved)).toBe("changed");
    expect(await statusOfLogin(moved, password)).toBe(200);
    // A link is for the account as it was.
    expect((await app.request(path)).status).toBe(403);
    const again = createResetLink(app.deps, admin, user.id).path.replace("/reset?token=", "");
    expect((await reset(again)).status).toBe(200);
    expect(await statusOfLogin(moved, newPassword)).toBe(200);
    await app.idle();
    expect(app.deps.queue.depth().mail).toEqual({ ready: 0, running: 0 });
  });
});
