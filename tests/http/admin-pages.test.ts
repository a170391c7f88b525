import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createApiToken } from "../../src/features/accounts/sessions/tokens.ts";
import { startDownloads } from "../../src/features/downloads/start.ts";
import { form, json, openTestApp, password } from "../fixtures/app.ts";
import { addPerson, addVideo } from "../fixtures/cast.ts";
import { openAdministration, personPath, userPath } from "../fixtures/administration.ts";
import type { Administration, EventJson, List, PersonJson } from "../fixtures/administration.ts";

let app: Administration["app"];
let ada: Administration["ada"];
let ben: Administration["ben"];
let call: Administration["call"];
let get: Administration["get"];
let visit: Administration["visit"];
beforeEach(async () => {
  ({ app, ada, ben, call, get, visit } = await openAdministration());
});
afterEach(() => app.close());

test("names that are markup are shown as text, everywhere", async () => {
  const name = `<img src=x onerror="alert(1)">`;
  const evil = await call("/users", json({ name, email: "evil@example.org", role: "user" }));
  const { id } = (await evil.json()) as PersonJson;
  // So that the page of ben names those who could have it.
  addVideo(app, ben.user, "His");
  const eve = await addPerson(app, "eve", "admin");
  await call(userPath(eve), json({ name: "<script>alert(2)</script>" }, "PATCH"));
  await call("/invites", json({ role: "viewer" }), eve.token);
  for (const path of [
    "/admin",
    "/admin/people",
    `/admin/people?q=${encodeURIComponent("<img")}`,
    `/admin/people/${id}`,
    personPath(ben),
    "/admin/invites",
    `/admin/audit?q=${encodeURIComponent("<script>alert(2)")}`,
  ]) {
    const html = await (await visit(path)).text();
    expect(html).toContain("&lt;");
    expect(html).not.toContain("<img src=x");
    expect(html).not.toContain("<script>alert");
  }
});

describe("invitations", () => {
  const invite = (values: Record<string, string>) => visit("/admin/invites", form(values));

  test("are made, shown once, listed and withdrawn", async () => {
    const made = await invite({ role: "user", email: "Gina@Example.org" });
    const html = await made.text();
    const link = /value="http:\/\/shelf\.test(\/register\?invite=[\w-]{43})"/.exec(html)?.[1] ?? "";
    expect((await app.request(link)).status).toBe(200);
    const again = await (await visit("/admin/invites")).text();
    expect(again).not.toContain("invite=");
    expect(again).toContain("gina@example.org");
    const { items } =
      await get<List<{ id: string; role: string; inviter: string; email: string }>>("/invites");
    expect(items).toMatchObject([{ role: "user", email: "gina@example.org", inviter: "ada" }]);
    const gone = await visit(`/admin/invites/${items[0]?.id}/revoke`, { method: "POST" });
    expect(gone.headers.get("location")).toBe("/admin/invites");
    expect((await app.request(link)).status).toBe(403);
    expect((await call(`/invites/${items[0]?.id}`, { method: "DELETE" })).status).toBe(404);
  });

  test("are made by programs", async () => {
    const made = (await (await call("/invites", json({ role: "viewer" }))).json()) as {
      invitation: { id: string };
      url: string;
    };
    expect(made.url).toMatch(/^http:\/\/shelf\.test\/register\?invite=[\w-]{43}$/);
    expect((await call(`/invites/${made.invitation.id}`, { method: "DELETE" })).status).toBe(204);
    expect((await app.request(made.url.replace("http://shelf.test", ""))).status).toBe(403);
  });

  test.each([
    [{ role: "user", email: "gina" }, 422, "looks like name@example.org"],
    [{ role: "user", email: "ben@example.org" }, 409, "has an account already"],
    [{ role: "", email: "gina@example.org" }, 422, "Choose admin, user or viewer."],
  ])("not from %j, and what was typed stays", async (values, status, words) => {
    const response = await invite(values);
    expect(response.status).toBe(status);
    const html = await response.text();
    expect(html).toContain(words);
    expect(html).toContain(`value="${values.email}"`);
  });

  test("go by mail where mail is set up, and are offered that way only there", async () => {
    expect(await (await visit("/admin/invites")).text()).not.toContain("Send it by mail");
    const mailing = openTestApp({
      HOMEREEL_MAIL_URL: "smtp://127.0.0.1:1",
      HOMEREEL_MAIL_FROM: "Homereel <homereel@example.org>",
      HOMEREEL_SERVER_PUBLIC_URL: "http://shelf.test",
    });
    try {
      const { token } = await addPerson(mailing, "ada", "admin");
      const send = (values: Record<string, string>) =>
        mailing.request("/admin/invites", { as: token, ...form(values) });
      expect(await (await mailing.request("/admin/invites", { as: token })).text()).toContain(
        "Send it by mail",
      );
      const html = await (await send({ role: "user", email: "gina@example.org", send: "yes" })).text();
      expect(html).toContain("on its way to");
      expect(html).not.toContain("invite=");
      expect(await (await send({ role: "user", email: "hal@example.org" })).text()).toContain("invite=");
    } finally {
      await mailing.close();
    }
  });

  test("are not made where registration is closed, and the page says which setting opens it", async () => {
    const closed = openTestApp({ HOMEREEL_AUTH_REGISTRATION: "closed" });
    try {
      const { token } = await addPerson(closed, "ada", "admin");
      const html = await (await closed.request("/admin/invites", { as: token })).text();
      expect(html).toContain("registration = &quot;invite&quot;");
      expect(html).not.toContain("Make the invitation");
      const refused = await closed.request("/admin/invites", { as: token, ...form({ role: "user" }) });
      expect(refused.status).toBe(403);
    } finally {
      await closed.close();
    }
  });
});

describe("the audit log", () => {
  const events = async (query = "") => (await get<List<EventJson>>(`/audit${query}`)).items;

  test("says who did what to whom, and from where", async () => {
    await call("/users", json({ name: "Carl", email: "carl@example.org", role: "user" }));
    await call(userPath(ben), json({ name: "Benedict", email: "be@example.org", role: "viewer" }, "PATCH"));
    await call(`${userPath(ben)}/password`, json({ password }, "PUT"));
    await call(`${userPath(ben)}/reset-link`, { method: "POST" });
    await call(`${userPath(ben)}/end-sessions`, { method: "POST" });
    await call(`${userPath(ben)}/disable`, { method: "POST" });
    await call(`${userPath(ben)}/enable`, { method: "POST" });
    await call("/invites", json({ role: "viewer", email: "gina@example.org" }));
    await call(userPath(ben), { method: "DELETE" });
    const written = (await events("?limit=200")).filter(({ actor }) => actor?.name === "ada").toReversed();
    expect(written.map(({ action, subject, detail }) => [action, subject?.name, detail])).toEqual([
      ["account.create", "carl@example.org", "user"],
      ["account.change", "ben@example.org", "name: ben → Benedict"],
      ["account.email", "ben@example.org", "ben@example.org → be@example.org"],
      ["account.role", "ben@example.org", "user → viewer"],
      ["account.password", "be@example.org", ""],
      ["password.link", "be@example.org", ""],
      ["sessions.end_all", "be@example.org", ""],
      ["account.disable", "be@example.org", ""],
      ["account.enable", "be@example.org", ""],
      ["invite.create", "gina@example.org", "viewer"],
      ["account.delete", "be@example.org", ""],
    ]);
    expect(new Set(written.map(({ address }) => address))).toEqual(new Set(["unknown"]));
  });

  test("is filtered by what happened and by text, and read a page after the other", async () => {
    for (let n = 0; n < 130; n++) await call(userPath(ben), json({ name: `Ben ${n}` }, "PATCH"));
    expect((await events("?action=account.change&q=Ben%20129")).map(({ detail }) => detail)).toEqual([
      "name: Ben 128 → Ben 129",
    ]);
    expect(await events("?action=account.delete")).toEqual([]);
    expect((await call("/audit?action=nonsense")).status).toBe(422);

    const path = "/admin/audit?action=account.change&q=ben%40example";
    const first = await (await visit(path)).text();
    expect(first.split("<tr data-action").length - 1).toBe(100);
    const older = /href="([^"]*cursor=\d+)"[^>]*><span>Older/.exec(first)?.[1]?.replaceAll("&amp;", "&");
    expect(older).toContain("action=account.change");
    const second = await (await visit(older ?? "")).text();
    expect(second.split("<tr data-action").length - 1).toBe(30);
    expect(second).toContain("To the newest");
    expect(second).not.toContain(">Older<");
    expect(second).toContain("kept for 90 days");

    const nothing = await (await visit("/admin/audit?q=zebra")).text();
    expect(nothing).toContain("Nothing like that");
  });

  test("is for who may read it, and a token without the scope may not", async () => {
    const narrow = createApiToken(app.deps, ada.user, { name: "narrow", scopes: ["read", "upload"] }).token;
    const wide = createApiToken(app.deps, ada.user, { name: "wide", scopes: ["admin"] }).token;
    expect((await call("/audit", {}, narrow)).status).toBe(403);
    expect((await call("/audit", {}, wide)).status).toBe(200);
    expect((await call("/users", {}, narrow)).status).toBe(403);
    expect((await call("/users", {}, wide)).status).toBe(200);
  });
});

test("the overview counts what there is", async () => {
  addVideo(app, ben.user, "One");
  startDownloads(app.deps, ben.user, { urls: "https://example.org/x" });
  await call("/invites", json({ role: "viewer" }));
  const text = (await (await visit("/admin")).text()).replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
  expect(text).toContain("2 people 1 open invitation");
  expect(text).toContain("2 videos 20 B stored");
  expect(text).toContain("0 downloads run 1 wait");
  expect(text).toContain("Made an invitation");
});
