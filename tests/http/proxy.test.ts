import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { disableAccount, getUserByEmail, listAudit } from "../../src/features/accounts/accounts.ts";
import { listSessions } from "../../src/features/accounts/sessions/sessions.ts";
import { form, json } from "../fixtures/app.ts";
import { addPerson, addVideo } from "../fixtures/cast.ts";
import type { Person } from "../fixtures/cast.ts";
import { openShelf } from "../fixtures/shelf.ts";
import type { Shelf } from "../fixtures/shelf.ts";

// A real server: only there does a request come from an address. The proxy that is trusted is this machine.
const trusted = { HOMEREEL_SERVER_TRUSTED_PROXIES: "127.0.0.0/8" };
const header = { ...trusted, HOMEREEL_AUTH_PROXY_HEADER: "Remote-Email" };

const open: Shelf[] = [];
afterAll(async () => {
  for (const shelf of open) await shelf.close();
});
function serve(settings: Record<string, string>): Shelf {
  const shelf = openShelf(settings);
  open.push(shelf);
  return shelf;
}

const ask = ({ origin }: Shelf, path: string, init: RequestInit = {}) =>
  fetch(origin + path, { redirect: "manual", ...init });
const says = (email: string) => ({ "remote-email": email });
/** Who the server takes the request for; null for nobody. */
async function whoIs(shelf: Shelf, headers: Record<string, string>): Promise<string | null> {
  const answer = await ask(shelf, "/api/v1/auth/verify", { headers });
  if (answer.status === 401) return null;
  return ((await answer.json()) as { user: { email: string } }).user.email;
}

describe("sign-in by a proxy's header", () => {
  test("is off unless it is configured, also where proxies are trusted", async () => {
    for (const settings of [{}, trusted]) {
      const shelf = serve(settings);
      await addPerson(shelf.app, "ada", "admin");
      for (const name of [
        "remote-email",
        "remote-user",
        "x-forwarded-user",
        "x-forwarded-email",
        "x-remote-user",
      ])
        expect([name, await whoIs(shelf, { [name]: "ada@example.org" })]).toEqual([name, null]);
    }
  });

  test("is believed of no other machine", async () => {
    const shelf = serve({ ...header, HOMEREEL_SERVER_TRUSTED_PROXIES: "192.0.2.0/24,::1/128" });
    await addPerson(shelf.app, "ada", "admin");
    expect(await whoIs(shelf, says("ada@example.org"))).toBeNull();
    // Nor does it help to say that one is that machine.
    expect(await whoIs(shelf, { ...says("ada@example.org"), "x-forwarded-for": "192.0.2.1" })).toBeNull();
    const handed = new Request("http://shelf.test/", { headers: says("ada@example.org") });
    expect((await shelf.app.router.fetch(handed)).status).toBe(401);
  });

  describe("configured", () => {
    let shelf: Shelf;
    let ada: Person;
    let bob: Person;
    beforeAll(async () => {
      shelf = serve(header);
      ada = await addPerson(shelf.app, "ada", "admin");
      bob = await addPerson(shelf.app, "bob");
    });

    test("lets in whom the trusted proxy names, however it writes them", async () => {
      for (const email of ["ada@example.org", "Ada@Example.ORG ", "ADA@EXAMPLE.ORG"])
        expect(await whoIs(shelf, says(email))).toBe("ada@example.org");
      expect(await whoIs(shelf, {})).toBeNull();
      expect(await whoIs(shelf, says(""))).toBeNull();
      const page = await ask(shelf, "/", { headers: says("bob@example.org") });
      expect(page.status).toBe(200);
      // The proxy says it each time: there is nothing for a browser to keep.
      expect(page.headers.getSetCookie()).toEqual([]);
    });

    test("turns away whom nobody knows, and says no more than to anybody", async () => {
      for (const email of ["eve@example.org", "ada@example.org,bob@example.org", "x", "'; --"]) {
        const answer = await ask(shelf, "/api/v1/videos", { headers: says(email) });
        expect([email, answer.status]).toEqual([email, 401]);
      }
      expect(() => getUserByEmail(shelf.app.deps, "eve@example.org")).toThrow("Nobody has the e-mail");
    });

    test("says more than a cookie, which may be of whoever sat there before", async () => {
      const cookie = `homereel=${bob.token}`;
      expect(await whoIs(shelf, { cookie })).toBe("bob@example.org");
      expect(await whoIs(shelf, { cookie, ...says("ada@example.org") })).toBe("ada@example.org");
      expect(await whoIs(shelf, { cookie, ...says("eve@example.org") })).toBeNull();
      // A program says itself who it is.
      const authorization = `Bearer ${bob.token}`;
      expect(await whoIs(shelf, { authorization, ...says("ada@example.org") })).toBe("bob@example.org");
    });

    test("is not gone round by the short way of streams", async () => {
      const id = addVideo(shelf.app, ada.user, "Private to Ada");
      shelf.app.deps.db.$client.prepare("UPDATE videos SET visibility = 'private' WHERE id = ?").run(id);
      const path = `/videos/${id}/stream`;
      const cookie = `homereel=${ada.token}`;
      const status = async (headers: Record<string, string>) => (await ask(shelf, path, { headers })).status;
      expect(await status({ cookie })).toBe(200);
      expect(await status({ cookie })).toBe(200);
      expect(await status({ cookie, ...says("bob@example.org") })).toBe(404);
      expect(await status({ cookie, ...says("eve@example.org") })).toBe(401);
      expect(await status(says("ada@example.org"))).toBe(200);
    });

    test("does not let other sites act: CSRF is checked without a cookie too", async () => {
      const asAda = says("ada@example.org");
      const write = (headers: Record<string, string>) =>
        ask(shelf, "/api/v1/downloads", {
          ...json({}),
          headers: { "content-type": "application/json", ...asAda, ...headers },
        });
      const foreign: Record<string, string>[] = [
        {},
        { origin: "https://evil.example" },
        { origin: "null" },
        { "sec-fetch-site": "cross-site" },
        { authorization: "Basic YTpi" },
      ];
      for (const headers of foreign) {
        const answer = await write(headers);
        expect([headers, answer.status, await answer.json()]).toMatchObject([
          headers,
          403,
          { code: "cross_site" },
        ]);
      }
      expect((await write({ "sec-fetch-site": "same-origin" })).status).toBe(422);
      expect((await write({ origin: shelf.origin })).status).toBe(422);
    });

    test("leaves programs as they were, with a token or to get one", async () => {
      const wrong = json({ email: "bob@example.org", password: "wrong" });
      expect((await ask(shelf, "/api/v1/auth/login", wrong)).status).toBe(401);
      const authorization = `Bearer ${bob.token}`;
      for (const headers of [{ authorization }, { authorization, ...says("ada@example.org") }]) {
        const answer = await ask(shelf, "/api/v1/downloads", {
          ...json({}),
          headers: { "content-type": "application/json", ...headers },
        });
        expect(answer.status).toBe(422);
      }
      const none = { authorization: "Bearer wrong", ...says("ada@example.org") };
      expect(await whoIs(shelf, none)).toBeNull();
    });

    test("refuses a disabled account, also one with a session that is left", async () => {
      const gone = await addPerson(shelf.app, "gone");
      expect(await whoIs(shelf, says("gone@example.org"))).toBe("gone@example.org");
      disableAccount(shelf.app.deps, null, gone.user.id);
      expect(await whoIs(shelf, says("gone@example.org"))).toBeNull();
      expect(await whoIs(shelf, { ...says("gone@example.org"), cookie: `homereel=${ada.token}` })).toBeNull();
    });

    test("is written down once a day", async () => {
      await addPerson(shelf.app, "carla");
      const { deps } = shelf.app;
      const entries = () =>
        listAudit(deps, { action: "login.proxy" }).items.filter((one) => one.actorName === "carla");
      for (let i = 0; i < 3; i++) await whoIs(shelf, says("carla@example.org"));
      expect(entries()).toMatchObject([{ address: "127.0.0.1" }]);
      expect(getUserByEmail(deps, "carla@example.org").lastLoginAt).not.toBeNull();
      const day = 86_400_000;
      deps.now = () => Date.now() + day + 1000;
      await whoIs(shelf, says("carla@example.org"));
      deps.now = Date.now;
      expect(entries().length).toBe(2);
    });

    test("has nobody to log out, and is no session", async () => {
      const headers = { ...says("bob@example.org"), "sec-fetch-site": "same-origin" };
      expect((await ask(shelf, "/logout", { method: "POST", headers })).status).toBe(303);
      expect((await ask(shelf, "/api/v1/auth/refresh", { method: "POST", headers })).status).toBe(403);
      expect(await whoIs(shelf, says("bob@example.org"))).toBe("bob@example.org");
    });
  });

  test.each(["viewer", "user"])("makes newcomers a %s where that is wished", async (role) => {
    const shelf = serve({ ...header, HOMEREEL_AUTH_PROXY_NEW_ACCOUNTS: role });
    await addPerson(shelf.app, "ada", "admin");
    const headers = says("New.Person@Example.org");
    const answers = await Promise.all([1, 2, 3].map(() => whoIs(shelf, headers)));
    expect(answers).toEqual(Array.from({ length: 3 }, () => "new.person@example.org"));
    expect(getUserByEmail(shelf.app.deps, "new.person@example.org")).toMatchObject({
      role,
      passwordHash: "",
    });
    // Without a password there is no way in beside the proxy.
    for (const password of ["", " ", "null"]) {
      const values = form({ email: "new.person@example.org", password });
      const login = await ask(shelf, "/login", { ...values, headers: { origin: shelf.origin } });
      expect(login.status).toBe(401);
    }
    const long = `${"x".repeat(150)}@example.org`;
    expect(await whoIs(shelf, says(long))).toBe(long);
    for (const email of ["no address", "a@b@c", `${"x".repeat(250)}@example.org`])
      expect([email, await whoIs(shelf, says(email))]).toEqual([email, null]);
  });

  test("makes nobody before there is an admin, who then could not be made any more", async () => {
    const shelf = serve({ ...header, HOMEREEL_AUTH_PROXY_NEW_ACCOUNTS: "user" });
    const { deps } = shelf.app;
    const token = deps.setupToken.issue(deps.now());
    expect(await whoIs(shelf, says("first@example.org"))).toBeNull();
    expect((await ask(shelf, `/setup?token=${token}`, { headers: says("first@example.org") })).status).toBe(
      200,
    );
  });
});

describe("X-Forwarded-For", () => {
  const few = { HOMEREEL_LIMITS_LOGINS_PER_ADDRESS: "3", HOMEREEL_LIMITS_LOGINS_PER_ACCOUNT: "1000" };
  // So long a password is nobody's, and takes no time to check.
  const tries = async (shelf: Shelf, addresses: string[]) => {
    const found: number[] = [];
    for (const address of addresses) {
      const wrong = json({ email: "nobody@example.org", password: "x".repeat(1001) });
      const headers = { "content-type": "application/json", "x-forwarded-for": address };
      found.push((await ask(shelf, "/api/v1/auth/login", { ...wrong, headers })).status);
    }
    return found;
  };
  const audited = ({ app }: Shelf) =>
    listAudit(app.deps, { action: "login.failed" })
      .items.map(({ address }) => address)
      .reverse();

  test("of a stranger is an invention: it helps neither past the limit nor into the audit log", async () => {
    const shelf = serve(few);
    const inventions = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"];
    expect(await tries(shelf, inventions)).toEqual([401, 401, 401, 429]);
    expect(audited(shelf)).toEqual(["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
  });

  test("of a trusted proxy tells people apart, by what the proxy itself added last", async () => {
    const shelf = serve({ ...few, ...trusted });
    const one = ["192.0.2.1", "8.8.8.8, 192.0.2.1", "127.0.0.1, 192.0.2.1", "192.0.2.1, 127.0.0.9"];
    expect(await tries(shelf, one)).toEqual([401, 401, 401, 429]);
    expect(await tries(shelf, ["192.0.2.2"])).toEqual([401]);
    expect(audited(shelf)).toEqual(["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2"]);
  });

  test("counts an IPv6 network as one, for whoever has an address has all of it", async () => {
    const shelf = serve({ ...few, ...trusted });
    const network = [
      "2001:db8:1:2::1",
      "2001:db8:1:2:ffff::1",
      "[2001:db8:1:2:a:b:c:d]:4711",
      "2001:db8:1:2::9",
    ];
    expect(await tries(shelf, network)).toEqual([401, 401, 401, 429]);
    expect(await tries(shelf, ["2001:db8:1:3::1", "::ffff:192.0.2.7"])).toEqual([401, 401]);
    expect(audited(shelf).slice(-2)).toEqual(["2001:db8:1:3::1", "192.0.2.7"]);
  });

  test("that holds no address is not believed, and breaks nothing", async () => {
    const shelf = serve({ ...few, ...trusted });
    expect(await tries(shelf, ["unknown", "<script>", "x".repeat(5000), ", ,"])).toEqual([
      401, 401, 401, 429,
    ]);
    expect(new Set(audited(shelf))).toEqual(new Set(["127.0.0.1"]));
  });

  test("is what a session is known by", async () => {
    const shelf = serve({ ...few, ...trusted });
    const { token, user } = await addPerson(shelf.app, "ada");
    const later = Date.now() + 6 * 60_000;
    shelf.app.deps.now = () => later;
    await whoIs(shelf, { authorization: `Bearer ${token}`, "x-forwarded-for": "192.0.2.77" });
    expect(listSessions(shelf.app.deps, user)).toMatchObject([{ address: "192.0.2.77" }]);
  });
});
