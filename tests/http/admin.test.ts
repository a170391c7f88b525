import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createUser } from "../../src/features/accounts/accounts.ts";
import { form, json, openTestApp, password } from "../fixtures/app.ts";
import { addPerson, addVideo } from "../fixtures/cast.ts";
import { openAdministration, personPath, problemOf, userPath } from "../fixtures/administration.ts";
import type { Administration, List, PersonJson } from "../fixtures/administration.ts";

let app: Administration["app"];
let ada: Administration["ada"];
let ben: Administration["ben"];
let call: Administration["call"];
let get: Administration["get"];
let people: Administration["people"];
let visit: Administration["visit"];
let isIn: Administration["isIn"];
let snapshot: Administration["snapshot"];
beforeEach(async () => {
  ({ app, ada, ben, call, get, people, visit, isIn, snapshot } = await openAdministration());
});
afterEach(() => app.close());

describe("people are found", () => {
  test("by name, a page after the other, each once, also where names are the same", async () => {
    const names = ["zoe", "Carl", "same", "same", "same", "dora"];
    for (const [n, name] of names.entries())
      await createUser(app.deps, null, { name, email: `p${n}@example.org`, role: "viewer" });
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const part: List<PersonJson> = await get(`/users?limit=2&cursor=${cursor}`);
      expect(part.items.length).toBeLessThanOrEqual(2);
      seen.push(...part.items.map(({ name, id }) => `${name} ${id}`));
      cursor = part.next_cursor;
    }
    expect(seen.map((one) => one.split(" ")[0])).toEqual([
      "ada",
      "ben",
      "Carl",
      "dora",
      "same",
      "same",
      "same",
      "zoe",
    ]);
    expect(new Set(seen).size).toBe(8);
  });

  test("by a part of the name or of the e-mail, whatever its case, and what is no pattern is none", async () => {
    const found = async (q: string) =>
      (await get<List<PersonJson>>(`/users?q=${encodeURIComponent(q)}`)).items.map(({ name }) => name);
    expect(await found("AD")).toEqual(["ada"]);
    expect(await found("ben@EXAMPLE")).toEqual(["ben"]);
    expect(await found("%")).toEqual([]);
    expect(await found("\0")).toEqual(["ada", "ben"]);
    expect(await (await visit("/admin/people?q=ben")).text()).toContain("1 person with “ben”");
    expect(await (await visit("/admin/people?q=nobody")).text()).toContain("Nobody found");
    await createUser(app.deps, null, { name: "Özlem", email: "oz@example.org", role: "viewer" });
    // One letter on some keyboards, two characters on others.
    for (const q of ["öZLEM", "o\u0308z"]) expect(await found(q)).toEqual(["Özlem"]);
  });

  test("with how many videos they have", async () => {
    addVideo(app, ben.user, "One");
    addVideo(app, ben.user, "Two");
    expect(await people()).toMatchObject([
      { name: "ada", role: "admin", videos: 0, disabled: false },
      { name: "ben", role: "user", videos: 2, has_password: false },
    ]);
  });

  test.each(["nonsense", "W10", "WzEsMl0", "-1"])(
    "a page marker that is none is refused: %s",
    async (cursor) => {
      const response = await call(`/users?cursor=${cursor}`);
      expect(response.status).toBe(422);
      expect((await problemOf(response)).field).toBe("cursor");
    },
  );

  test("only by admins", async () => {
    const viewer = await addPerson(app, "viewer", "viewer");
    for (const { token } of [ben, viewer]) {
      for (const path of ["/admin", "/admin/people", personPath(ada), "/admin/invites", "/admin/audit"])
        expect((await visit(path, {}, token)).status).toBe(403);
      expect((await call("/users", {}, token)).status).toBe(403);
      expect((await call(userPath(ben), { method: "DELETE" }, token)).status).toBe(403);
    }
  });

  test("and who is nobody is not there", async () => {
    const nobody = "/users/none";
    expect((await call(nobody)).status).toBe(404);
    expect((await call(nobody, json({ name: "x" }, "PATCH"))).status).toBe(404);
    expect((await call(nobody, { method: "DELETE" })).status).toBe(404);
    for (const verb of ["disable", "enable", "end-sessions", "reset-link"])
      expect((await call(`${nobody}/${verb}`, { method: "POST" })).status).toBe(404);
    expect((await call(`${nobody}/password`, json({ password }, "PUT"))).status).toBe(404);
    expect((await visit("/admin/people/none")).status).toBe(404);
    expect((await visit("/admin/people/none/delete", form({ videos: "delete" }))).status).toBe(404);
  });
});

describe("an account is made", () => {
  const carl = { name: "Carl", email: "Carl@Example.org", role: "viewer" };

  test("with a password, that lets them in", async () => {
    const made = await call("/users", json({ ...carl, password }));
    expect(made.status).toBe(201);
    expect(await made.json()).toMatchObject({
      email: "carl@example.org",
      role: "viewer",
      has_password: true,
    });
    const login = await app.request("/api/v1/auth/login", json({ email: "carl@example.org", password }));
    expect(login.status).toBe(200);
  });

  test("without one, and then a link sets it, once", async () => {
    const shown = await visit("/admin/people/new", form({ ...carl, how: "link" }));
    expect(shown.headers.get("cache-control")).toContain("no-store");
    const link = /value="http:\/\/shelf\.test(\/reset\?token=[\w-]{43})"/.exec(await shown.text())?.[1] ?? "";
    expect((await app.request(link)).status).toBe(200);
    const token = link.split("=")[1] ?? "";
    expect((await app.request("/reset", form({ token, password }))).status).toBeLessThan(400);
    expect((await app.request(link)).status).toBe(403);
    const login = await app.request("/api/v1/auth/login", json({ email: "carl@example.org", password }));
    expect(login.status).toBe(200);
  });

  test("a link for the hand leads where the admin's browser is", async () => {
    const from = async (headers: Record<string, string>, settings = {}) => {
      const one = openTestApp(settings);
      const { token } = await addPerson(one, "ada", "admin");
      const { user } = await addPerson(one, "ben");
      const path = `/admin/people/${user.id}/reset-link`;
      const html = await (await one.request(path, { as: token, method: "POST", headers })).text();
      await one.close();
      return /value="([^"]*)\/reset\?token=/.exec(html)?.[1];
    };
    const own = { "sec-fetch-site": "same-origin", origin: "https://shelf.home" };
    expect(await from(own)).toBe("https://shelf.home");
    expect(await from({})).toBe("http://shelf.test");
    const settings = { HOMEREEL_SERVER_PUBLIC_URL: "https://shelf.example.org" };
    expect(await from({ host: "shelf.example.org" }, settings)).toBe("https://shelf.example.org");
  });

  test.each([
    [{ ...carl, email: "ben@example.org", password }, 409, "email", "There is an account with the e-mail"],
    [{ ...carl, email: "carl" }, 422, "email", "looks like name@example.org"],
    [{ ...carl, name: " " }, 422, "name", "Give a name"],
    [{ ...carl, role: "king" }, 422, "role", "Choose admin, user or viewer"],
    [{ ...carl, password: "short" }, 422, "password", "shorter than 10"],
  ])("not from %j", async (input, status, field, words) => {
    const before = snapshot();
    const response = await call("/users", json(input));
    expect(response.status).toBe(status);
    expect((await problemOf(response)).field).toBe(field);
    const shown = await visit("/admin/people/new", form({ ...input, how: "password" }));
    expect(shown.status).toBe(status);
    const html = await shown.text();
    expect(html).toContain(words);
    expect(html).toContain(`value="${input.email}"`);
    expect(snapshot()).toBe(before);
  });
});

describe("an account is changed", () => {
  test("in name, e-mail and role; another role ends its sessions at once, another name does not", async () => {
    expect((await call(userPath(ben), json({ name: "Benedict" }, "PATCH"))).status).toBe(200);
    expect(await isIn(ben)).toBe(true);
    const changed = await call(userPath(ben), json({ email: "Be@Example.org", role: "viewer" }, "PATCH"));
    expect(await changed.json()).toMatchObject({ name: "Benedict", email: "be@example.org", role: "viewer" });
    expect(await isIn(ben)).toBe(false);
  });

  test("by its form, which keeps what was typed where something is wrong", async () => {
    const values = { name: "Benedict", email: "ada@example.org", role: "user" };
    const wrong = await visit(personPath(ben), form(values));
    expect(wrong.status).toBe(409);
    const html = await wrong.text();
    expect(html).toContain('value="Benedict"');
    expect(html).toContain("There is an account with the e-mail ada@example.org already.");
    const right = await visit(personPath(ben), form({ ...values, email: "be@example.org" }));
    expect(right.headers.get("location")).toBe(`${personPath(ben)}?done=saved`);
    expect(await (await visit(`${personPath(ben)}?done=saved`)).text()).toContain("Saved.");
  });

  test("in the list, and one stays where one was, but is led nowhere else", async () => {
    const send = (next: string) => visit(`${personPath(ben)}/role`, form({ role: "viewer", next }));
    expect((await send("/admin/people?q=b")).headers.get("location")).toBe("/admin/people?q=b");
    expect((await send("https://evil.example/")).headers.get("location")).toBe("/");
    expect((await send("//evil.example/")).headers.get("location")).toBe("/");
  });

  test("a new password, logging out everywhere and disabling end what is open; enabling lets in again", async () => {
    const ways: [string, RequestInit][] = [
      ["password", json({ password: "another long password" }, "PUT")],
      ["end-sessions", { method: "POST" }],
      ["disable", { method: "POST" }],
    ];
    for (const [verb, init] of ways) {
      const one = await addPerson(app, verb);
      expect(await isIn(one)).toBe(true);
      expect((await call(`${userPath(one)}/${verb}`, init)).status).toBeLessThan(300);
      expect(await isIn(one)).toBe(false);
    }
    const items = await people();
    const disabled = items.find(({ name }) => name === "disable");
    expect(disabled).toMatchObject({ disabled: true });
    expect(await (await call(`/users/${disabled?.id}/enable`, { method: "POST" })).json()).toMatchObject({
      disabled: false,
    });
  });

  test("by the same verbs as pages", async () => {
    const steps: [string, Record<string, string>, string][] = [
      ["password", { password: "another long password" }, "password"],
      ["end-sessions", {}, "sessions"],
      ["disable", {}, "disabled"],
      ["enable", {}, "enabled"],
    ];
    for (const [verb, values, done] of steps) {
      const answer = await visit(`${personPath(ben)}/${verb}`, form(values));
      expect(answer.headers.get("location")).toBe(`${personPath(ben)}?done=${done}`);
    }
    expect((await visit(`${personPath(ben)}/password`)).headers.get("location")).toBe(personPath(ben));
    const short = await visit(`${personPath(ben)}/password`, form({ password: "short" }));
    expect(short.status).toBe(422);
    expect(await short.text()).toContain("shorter than 10 characters");
  });

  test("a disabled account gets no link", async () => {
    await visit(`${personPath(ben)}/disable`, form({}));
    const refused = await visit(`${personPath(ben)}/reset-link`, form({}));
    expect(refused.status).toBe(409);
    expect(await refused.text()).toContain("Enable it first.");
  });
});

describe("the last admin", () => {
  const ways: [string, () => Promise<Response>][] = [
    ["loses the role", () => call(userPath(ada), json({ role: "user" }, "PATCH"))],
    ["is disabled", () => call(`${userPath(ada)}/disable`, { method: "POST" })],
    ["is deleted", () => call(`${userPath(ada)}?videos=delete`, { method: "DELETE" })],
  ];
  const pages: [string, string, Record<string, string>][] = [
    ["loses the role", "", { name: "ada", email: "ada@example.org", role: "viewer" }],
    ["loses the role in the list", "/role", { role: "viewer" }],
    ["is disabled", "/disable", {}],
    ["is deleted", "/delete", { videos: "delete" }],
  ];

  test.each(ways)("never %s", async (_, attempt) => {
    // A disabled one is none.
    const eve = await addPerson(app, "eve", "admin");
    await call(`${userPath(eve)}/disable`, { method: "POST" });
    addVideo(app, ada.user, "Hers");
    const before = snapshot();
    const response = await attempt();
    expect(response.status).toBe(409);
    expect((await problemOf(response)).detail).toBe("Make somebody else an admin first.");
    expect(snapshot()).toBe(before);
    expect(await isIn(ada)).toBe(true);
  });

  test.each(pages)("on the pages: never %s, which says what to do", async (_, path, values) => {
    const response = await visit(personPath(ada) + path, form(values));
    expect(response.status).toBe(409);
    const html = await response.text();
    expect(html).toContain("the last admin");
    expect(html).toContain("Make somebody else an admin first.");
    expect(await isIn(ada)).toBe(true);
  });

  test.each(pages)("but one of two %s, and is out at once", async (_, path, values) => {
    await addPerson(app, "eve", "admin");
    const response = await visit(personPath(ada) + path, form(values));
    expect(response.headers.get("location")).toBe("/login");
    expect(response.headers.get("set-cookie")).toContain("Max-Age=0");
    expect(await isIn(ada)).toBe(false);
  });
});
