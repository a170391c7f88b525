import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import * as argon2 from "@node-rs/argon2";
import { disableAccount, setPassword } from "../../src/features/accounts/accounts.ts";
import { form, json, openTestApp, password } from "../fixtures/app.ts";
import type { TestApp } from "../fixtures/app.ts";
import { addPerson } from "../fixtures/cast.ts";

let app: TestApp;
beforeAll(async () => {
  app = openTestApp();
  for (const name of ["ada", "disabled"]) {
    const { user } = await addPerson(app, name);
    await setPassword(app.deps, null, user.id, password);
    if (name === "disabled") disableAccount(app.deps, null, user.id);
  }
  // Came through the proxy, and has no password.
  await addPerson(app, "guest");
});
afterAll(() => app.close());

/** Who tries, and with what: each is refused. */
const tries: Record<string, [name: string, secret: string]> = {
  "a wrong password": ["ada", "wrong"],
  "an unknown e-mail": ["nobody", "wrong"],
  "an unknown e-mail with somebody's password": ["nobody", password],
  "a disabled account": ["disabled", "wrong"],
  "a disabled account with its password": ["disabled", password],
  "an account without a password": ["guest", "wrong"],
  "an account without a password, and none given": ["guest", ""],
};
const emailOf = (name: string) => `${name}@example.org`;

/** All that a stranger can tell two refusals apart by. */
async function seenOf(answer: Response, email: string) {
  const text = await answer.text();
  const headers = Object.fromEntries(answer.headers);
  const nonce = /nonce-([\w-]+)/.exec(headers["content-security-policy"] ?? "")?.[1] ?? "none";
  const plain = (one: string) => one.replaceAll(nonce, "NONCE").replaceAll(email, "EMAIL");
  return { status: answer.status, headers: plain(JSON.stringify(headers)), text: plain(text) };
}

describe("the same answer, whether an account is there or not", () => {
  const doors = {
    page: (email: string, secret: string) => app.request("/login", form({ email, password: secret })),
    API: (email: string, secret: string) =>
      app.request("/api/v1/auth/login", json({ email, password: secret })),
  };

  test.each(["page", "API"] as const)("by the %s", async (door) => {
    const first = await seenOf(await doors[door](emailOf("ada"), "wrong"), emailOf("ada"));
    expect(first.status).toBe(401);
    expect(first.text).toContain("E-mail or password is wrong.");
    for (const [what, [name, secret]] of Object.entries(tries)) {
      const seen = await seenOf(await doors[door](emailOf(name), secret), emailOf(name));
      expect([what, seen]).toEqual([what, first]);
    }
  });

  test("after the same work: as many hashes are made and checked", async () => {
    const [verify, hash] = [spyOn(argon2, "verify"), spyOn(argon2, "hash")];
    try {
      for (const [what, [name, secret]] of Object.entries(tries)) {
        verify.mockClear();
        await doors.API(emailOf(name), secret);
        const parameters = String(verify.mock.calls[0]?.[0]).split("$").slice(0, 4).join("$");
        expect([what, verify.mock.calls.length, parameters]).toEqual([
          what,
          1,
          "$argon2id$v=19$m=19456,t=2,p=1",
        ]);
      }
      expect(hash.mock.calls.length).toBe(0);
    } finally {
      verify.mockRestore();
      hash.mockRestore();
    }
  });

  test("and the limit counts all of them alike", async () => {
    const few = openTestApp({ HOMEREEL_LIMITS_LOGINS_PER_ACCOUNT: "2" });
    await addPerson(few, "ada");
    for (const email of [emailOf("ada"), emailOf("nobody")]) {
      const statuses: number[] = [];
      for (let i = 0; i < 3; i++)
        statuses.push(
          (await few.request("/api/v1/auth/login", json({ email, password: "x".repeat(1001) }))).status,
        );
      expect([email, statuses]).toEqual([email, [401, 401, 429]]);
    }
    await few.close();
  });
});
