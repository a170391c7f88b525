import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  createInvite,
  createUser,
  listAudit,
  listInvites,
  revokeInvite,
} from "../../src/features/accounts/accounts.ts";
import type { User } from "../../src/features/accounts/accounts.ts";
import { sendInviteNow } from "../../src/features/accounts/joining/invites.ts";
import { form, openTestApp, password } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { jobRows } from "../fixtures/queue.ts";
import { startSmtp } from "../fixtures/smtp.ts";
import type { ReceivedMail, Smtp } from "../fixtures/smtp.ts";

const refuse: Record<string, number> = { "gone@example.org": 550, "later@example.org": 450 };
let smtp: Smtp;
beforeAll(async () => void (smtp = await startSmtp({ refuse })));
afterAll(() => smtp.stop());

let app: TestApp;
let admin: User;
beforeEach(async () => {
  smtp.messages.length = 0;
  app = openTestApp({
    HOMEREEL_MAIL_URL: smtp.url,
    HOMEREEL_MAIL_FROM: "Homereel <homereel@example.org>",
    HOMEREEL_SERVER_PUBLIC_URL: "http://shelf.test",
  });
  const ada = { name: "Ada", email: "ada@example.org", password, role: "admin" };
  admin = await createUser(app.deps, null, ada);
});
afterEach(() => app.close());

const mail = (email: string) => createInvite(app.deps, admin, { role: "user", email, send: true });
const linkIn = ({ text }: ReceivedMail) =>
  /http:\/\/shelf\.test(\/register\?invite=[\w-]{43})/.exec(text)?.[1];
const quiet = { signal: new AbortController().signal };

async function work(): Promise<void> {
  await app.start();
  await app.idle();
}

describe("an invitation by mail", () => {
  test("comes with a link that nobody saw before, and that works once", async () => {
    expect(mail("grace@example.org").path).toBeNull();
    expect(listInvites(app.deps)[0]?.tokenHash).toBeNull();
    await work();
    const [letter, ...more] = smtp.messages;
    expect(more).toEqual([]);
    expect(letter?.to).toEqual(["grace@example.org"]);
    expect(letter?.subject).toBe("Ada invites you to Homereel");
    expect(letter?.text).toContain("within 7 days");

    const link = (letter && linkIn(letter)) ?? "";
    const secret = link.split("=")[1] ?? "";
    expect(JSON.stringify(jobRows(app.deps.db))).not.toContain(secret);
    expect(await (await app.request(link)).text()).toContain('value="grace@example.org" readonly');
    const values = { name: "Grace", email: "grace@example.org", password, invite: secret };
    expect((await app.request("/register", form(values))).status).toBe(303);
    expect((await app.request(link)).status).toBe(403);
  });

  test("is not sent unless that is wished", async () => {
    const { path } = createInvite(app.deps, admin, { role: "user", email: "hand@example.org" });
    expect(path).toContain("/register?invite=");
    await work();
    expect(smtp.messages).toEqual([]);
  });

  test("is not sent once it is withdrawn", async () => {
    const { invite } = mail("grace@example.org");
    revokeInvite(app.deps, admin, invite.id);
    await work();
    expect(smtp.messages).toEqual([]);
    expect(jobRows(app.deps.db).find(({ name }) => name === "invite-mail")?.state).toBe("cancelled");
    expect(listAudit(app.deps, { action: "invite.revoke" }).items).toMatchObject([{ actorName: "Ada" }]);
  });

  test("is tried again while the server does not take it", async () => {
    const { invite } = mail("later@example.org");
    await work();
    expect(smtp.messages).toEqual([]);
    const waiting = jobRows(app.deps.db).find(({ name }) => name === "invite-mail");
    expect(waiting).toMatchObject({ state: "ready", attempts: 1 });
    expect(listInvites(app.deps)).toMatchObject([{ id: invite.id }]);
  });

  test("is withdrawn where the server refuses the address for good, and the log says why", async () => {
    mail("gone@example.org");
    await work();
    expect(listInvites(app.deps)).toEqual([]);
    const [noted] = listAudit(app.deps, { action: "invite.revoke" }).items;
    expect(noted).toMatchObject({ actorName: "", subjectName: "gone@example.org" });
    expect(noted?.detail).toContain("The mail could not be sent. The mail server refuses the recipient");
  });

  test("that is sent twice ends the first link, and that is used is not sent again", async () => {
    const inviteId = mail("grace@example.org").invite.id;
    await sendInviteNow(app.deps, { inviteId }, quiet);
    await sendInviteNow(app.deps, { inviteId }, quiet);
    const [first = "", second = ""] = smtp.messages.map((one) => linkIn(one) ?? "");
    expect((await app.request(first)).status).toBe(403);
    expect((await app.request(second)).status).toBe(200);
    const invite = second.split("=")[1] ?? "";
    await app.request("/register", form({ name: "Grace", email: "grace@example.org", password, invite }));
    await sendInviteNow(app.deps, { inviteId }, quiet);
    expect(smtp.messages).toHaveLength(2);
  });

  test("goes to one person, whatever the inviter is called", async () => {
    const name = "Eve\r\nBcc: all@example.org <script>";
    const eve = { name, email: "eve@example.org", password, role: "admin" };
    admin = await createUser(app.deps, null, eve);
    mail("grace@example.org");
    await work();
    const [letter] = smtp.messages;
    expect(letter?.to).toEqual(["grace@example.org"]);
    expect(letter?.header("bcc")).toBe("");
    expect(letter?.html).not.toContain("<script>");
  });
});

test("a forgotten password is helped by a mail where there is mail, else by an admin", async () => {
  expect(await (await app.request("/login")).text()).toContain('href="/forgot"');
  const without = openTestApp();
  await without.join("eve", "admin");
  const html = await (await without.request("/login")).text();
  await without.close();
  expect(html).not.toContain('href="/forgot"');
  expect(html).toContain("An admin can make you a new link.");
});
