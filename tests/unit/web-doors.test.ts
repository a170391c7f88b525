import { describe, expect, test } from "bun:test";
import { SignJWT } from "jose";
import type { AppError } from "../../src/lib/errors.ts";
import { OneTimeToken } from "../../src/lib/one-time-token.ts";
import { RateLimit } from "../../src/web/rate-limit.ts";
import { safePath } from "../../src/web/safe-path.ts";
import { isSameOrigin } from "../../src/web/same-origin.ts";
import { SessionTokens } from "../../src/web/session-token.ts";

const minute = 60_000;

describe("where one goes after logging in", () => {
  test.each(["/", "/videos/1?x=2", "/downloads#add"])("%s is ours", (path) => {
    expect(safePath(path).split("#")[0]).toBe(path.split("#")[0] ?? "");
  });
  test.each([
    undefined,
    "",
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/..//evil.example",
    "javascript:alert(1)",
    "videos",
  ])("%p leads to the gallery", (path) => {
    expect(safePath(path)).toBe("/");
  });
});

describe("an unsafe request", () => {
  const request = {
    site: undefined,
    origin: undefined,
    host: "shelf.lan:8080",
    publicUrl: "",
    hasCookie: true,
  };
  test.each([
    ["from our own page", { site: "same-origin" }, true],
    ["from another site", { site: "cross-site" }, false],
    ["from a sibling host", { site: "same-site" }, false],
    ["typed or from a bookmark, without an origin", { site: "none" }, true],
    ["from an old browser on our page", { origin: "http://shelf.lan:8080" }, true],
    ["from an old browser elsewhere", { origin: "http://evil.example" }, false],
    ["from a sandboxed frame", { origin: "null" }, false],
    [
      "behind a proxy that changes the host",
      { origin: "https://v.example", publicUrl: "https://v.example" },
      true,
    ],
    ["from a program without a cookie", { hasCookie: false }, true],
    ["with a cookie and no word where it is from", {}, false],
  ])("%s", (_, given, allowed) => {
    expect(isSameOrigin({ ...request, ...given })).toBe(allowed);
  });
});

describe("session tokens", () => {
  const key = new Uint8Array(32).fill(7);
  const tokens = new SessionTokens(key);
  const user = { id: "someone", sessionVersion: 3, sessionId: "a session" };
  const now = Date.UTC(2026, 10, 20);
  const forge = (claims: Record<string, unknown>, alg = "HS256", secret = key) =>
    new SignJWT({ sv: 3, sid: "a session", ...claims })
      .setProtectedHeader({ alg })
      .setIssuer("homereel")
      .setAudience("homereel-session")
      .setSubject("someone")
      .setIssuedAt(now / 1000)
      .sign(secret);

  test("say who, until they expire", async () => {
    const token = await tokens.sign(user, now, 1);
    expect(await tokens.read(token, now)).toMatchObject({ userId: "someone", sessionVersion: 3 });
    expect(await tokens.read(token, now + 59 * minute)).not.toBeNull();
    expect(await tokens.read(token, now + 60 * minute)).toBeNull();
    expect(await new SessionTokens(key).read(token, now + 60 * minute)).toBeNull();
  });

  test("that were over stay so when the clock is set back, and none is from the future", async () => {
    const token = await tokens.sign(user, now + minute, 1);
    expect(await tokens.read(token, now + minute)).not.toBeNull();
    expect(await tokens.read(token, now + 120 * minute)).toBeNull();
    expect(await tokens.read(token, now + minute)).toBeNull();
    const early = await tokens.sign(user, now + 10 * minute, 24);
    expect(await tokens.read(early, now)).toBeNull();
  });

  const exp = now / 1000 + 3600;
  test.each([
    ["no token at all", async () => "garbage"],
    ["one that never expires", () => forge({})],
    ["one that another key signed", () => forge({ exp }, "HS256", new Uint8Array(32).fill(8))],
    ["another algorithm", () => forge({ exp }, "HS512", new Uint8Array(64).fill(7))],
    [
      "no signature",
      async () => `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify({ sub: "someone", sv: 3, exp }))}.`,
    ],
    ["no session version", () => forge({ exp, sv: undefined })],
    ["no session", () => forge({ exp, sid: undefined })],
  ])("%s is nobody", async (_, make) => {
    expect(await tokens.read(await make(), now)).toBeNull();
  });

  test("one for another audience is nobody", async () => {
    const token = await new SignJWT({
      sv: 3,
      sid: "a session",
      exp,
      iat: now / 1000,
      sub: "someone",
      iss: "homereel",
      aud: "mail",
    })
      .setProtectedHeader({ alg: "HS256" })
      .sign(key);
    expect(await tokens.read(token, now)).toBeNull();
  });
});

describe("the one-time token", () => {
  test("works until it is used up or 30 minutes are over", () => {
    const setup = new OneTimeToken();
    expect(setup.matches("", 0)).toBe(false);
    const token = setup.issue(0);
    expect(setup.matches(token, 29 * minute)).toBe(true);
    expect(setup.matches(token, 30 * minute)).toBe(false);
    expect(setup.matches(`${token}x`, 0)).toBe(false);
    setup.useUp();
    expect(setup.matches(token, 0)).toBe(false);
  });
});

describe("a rate limit", () => {
  test("counts per key, says how long to wait, and forgives", () => {
    const limit = new RateLimit(2, minute);
    limit.take("a", 0);
    limit.take("a", 1);
    limit.take("b", 1);
    const refusal = caught(() => limit.take("a", 10_000));
    expect(refusal).toMatchObject({ code: "rate_limited", retryAfterSeconds: 50 });
    limit.take("a", minute);
    limit.take("a", minute);
    limit.forgive("a");
    limit.take("a", minute);
  });
});

function caught(act: () => void): AppError | undefined {
  try {
    act();
  } catch (error) {
    return error as AppError;
  }
  return undefined;
}
