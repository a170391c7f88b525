import { describe, expect, spyOn, test } from "bun:test";
import * as argon2 from "@node-rs/argon2";
import { checkPassword, hashPassword, needsRehash } from "../../src/features/accounts/sessions/passwords.ts";

const owasp = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const composed = "caf\u00e9 au lait";
const decomposed = "cafe\u0301 au lait";

describe("a password", () => {
  test("is the one that was hashed, and no other", async () => {
    const hash = await hashPassword("a few words in a row");
    expect(await checkPassword(hash, "a few words in a row")).toBe(true);
    for (const wrong of ["", "a few words in a ro", "A few words in a row", "a few words in a row "]) {
      expect(await checkPassword(hash, wrong)).toBe(false);
    }
  });

  test("is hashed with a salt of its own and OWASP's parameters", async () => {
    const [one, other] = await Promise.all([hashPassword("the same text"), hashPassword("the same text")]);
    expect(one).not.toBe(other);
    expect(argon2.parseOptions(one)).toMatchObject({ ...owasp, outputLen: 32, saltLen: 16 });
    expect(one).toStartWith("$argon2id$");
  });

  test("counts to its thousandth character, and with more is nobody's", async () => {
    const long = "x".repeat(1000);
    const hash = await hashPassword(long);
    expect(await checkPassword(hash, long)).toBe(true);
    expect(await checkPassword(hash, `${long.slice(1)}y`)).toBe(false);
    const longer = `${long}x`;
    expect(await checkPassword(await argon2.hash(longer, owasp), longer)).toBe(false);
  });

  test.each([
    ["with letters in one piece, and typed in two", composed, decomposed],
    ["with letters in two pieces, and typed in one", decomposed, composed],
    ["in full width, and typed in half", "ｆｕｌｌ width 12", "full width 12"],
  ])("is the same %s", async (_, chosen, typed) => {
    expect(await checkPassword(await hashPassword(chosen), typed)).toBe(true);
  });

  test("that was hashed as it came still fits, as it came", async () => {
    const before = await argon2.hash(decomposed, owasp);
    expect(await checkPassword(before, decomposed)).toBe(true);
    expect(await checkPassword(before, "cafe au lait")).toBe(false);
  });
});

describe("somebody without an account", () => {
  test.each([
    ["one check for a password", "a wrong password", 1],
    ["two for one that a keyboard can compose in two ways", decomposed, 2],
  ])("costs what a wrong password costs: %s", async (_, wrong, checks) => {
    const hash = await hashPassword("a few words in a row");
    const forKnown = await costOf(() => checkPassword(hash, wrong));
    expect(forKnown).toHaveLength(checks);
    expect(forKnown).toContainEqual({ ...argon2.parseOptions(hash), password: wrong });
    expect(await costOf(() => checkPassword(null, wrong))).toEqual(forKnown);
  });

  /** Every real check of argon2 that it takes, by parameters and text. */
  async function costOf(check: () => Promise<boolean>) {
    const verify = spyOn(argon2, "verify");
    try {
      expect(await check()).toBe(false);
      return verify.mock.calls.map(([hash, password]) => ({ ...argon2.parseOptions(hash), password }));
    } finally {
      verify.mockRestore();
    }
  }
});

describe("a hash is made anew", () => {
  test("where it has other parameters", async () => {
    const others = [
      { memoryCost: 12_288 },
      { timeCost: 3 },
      { parallelism: 2 },
      { algorithm: 1 },
      { version: 0 },
    ];
    for (const other of others) {
      const hash = await argon2.hash("a few words in a row", { ...owasp, ...other });
      expect({ other, isDue: needsRehash(hash) }).toEqual({ other, isDue: true });
      expect(await checkPassword(hash, "a few words in a row")).toBe(true);
    }
    expect(needsRehash("")).toBe(true);
  });

  test("and not where it is ours", async () => {
    expect(needsRehash(await hashPassword("a few words in a row"))).toBe(false);
  });
});

test("a crowd is sent away at once, and who comes later gets in", async () => {
  const hash = await argon2.hash("a few words in a row", { memoryCost: 8, timeCost: 1, parallelism: 1 });
  const crowd = Array.from({ length: 250 }, () => checkPassword(hash, "a wrong password"));
  const answers = await Promise.allSettled(crowd);
  const refusals = answers.filter((answer) => answer.status === "rejected").map(({ reason }) => reason);
  expect(refusals.length).toBeGreaterThanOrEqual(250 - 200 - 4);
  expect(refusals.length).toBeLessThan(50);
  expect(refusals[0]).toMatchObject({ code: "unavailable", retryAfterSeconds: 5 });
  expect(await checkPassword(hash, "a few words in a row")).toBe(true);
});
