import { describe, expect, test } from "bun:test";
import { expiryOf, parseCookies, writeNetscape } from "../../src/features/downloads/cookies/rules.ts";
import { parseSite, sitesFor } from "../../src/features/downloads/cookies/site-names.ts";
import { AppError } from "../../src/lib/errors.ts";

const now = Date.UTC(2026, 10, 20);
const later = now / 1000 + 86_400;
const line = (...fields: (string | number)[]) => fields.join("\t");
const login = line("#HttpOnly_.example.org", "TRUE", "/", "TRUE", later, "session_id", "s3cret-value");

function problem(act: () => unknown): AppError {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("nothing was wrong with it");
}

describe("a cookie file", () => {
  test("keeps what is for the site and not over, and nothing else", () => {
    const text = [
      "\uFEFF# Netscape HTTP Cookie File",
      "",
      login,
      line("www.example.org", "FALSE", "/watch", "FALSE", 0, "tab", ""),
      line(".example.org", "TRUE", "/", "FALSE", now / 1000 - 1, "old", "over"),
      line(".tracker.example", "TRUE", "/", "FALSE", later, "id", "elsewhere"),
      line(".notexample.org", "TRUE", "/", "FALSE", later, "id", "alike"),
    ].join("\r\n");
    const kept = parseCookies(text, "example.org", now);
    expect(kept.map(({ domain, name }) => `${domain} ${name}`)).toEqual([
      "example.org session_id",
      "www.example.org tab",
    ]);
    expect(writeNetscape(kept)).toBe(
      `# Netscape HTTP Cookie File\n${login}\nwww.example.org\tFALSE\t/watch\tFALSE\t0\ttab\t\n`,
    );
    expect(parseCookies(writeNetscape(kept), "example.org", now)).toEqual(kept);
  });

  test("may have come through a text field that made spaces of tabs", () => {
    const [cookie] = parseCookies(login.replaceAll("\t", "    "), "example.org", now);
    expect(cookie).toMatchObject({ name: "session_id", value: "s3cret-value", httpOnly: true, secure: true });
  });

  test.each([
    [
      "a",
      "JSON",
      JSON.stringify([{ domain: ".example.org", name: "a", value: "s3cret", expirationDate: later + 0.5 }]),
    ],
    [
      "b",
      "JSON of Playwright",
      JSON.stringify({
        cookies: [{ domain: "example.org", name: "b", value: "s3cret", path: "/", expires: -1 }],
      }),
    ],
  ])("%s: %s is converted", (name, _, text) => {
    const [cookie] = parseCookies(text, "example.org", now);
    expect(cookie).toMatchObject({ name, value: "s3cret", domain: "example.org", below: name === "a" });
    expect(cookie?.expires).toBe(name === "a" ? later : 0);
  });

  test.each<[string, string, RegExp]>([
    ["nothing", "# only a comment\n", /no cookie in it/],
    ["a header", "Cookie: s3cret=value; b=c", /^Line 1 .* 3 fields/],
    ["too few fields", `${login}\n${line(".example.org", "TRUE", "/", "s3cret")}`, /^Line 2 .* 4 fields/],
    ["no time", line(".example.org", "TRUE", "/", "TRUE", "s3cret", "a", "b"), /^Line 1 .*fifth field/],
    ["no flag", line(".example.org", "TRUE", "/", "s3cret", 0, "a", "b"), /^Line 1 .*fourth field/],
    [
      "a name that ends a header",
      line(".example.org", "TRUE", "/", "TRUE", 0, "a;s3cret", "b"),
      /^Line 1 .*name/,
    ],
    [
      "a value that ends a header",
      line(".example.org", "TRUE", "/", "TRUE", 0, "a", "s3cret\u0001"),
      /value/,
    ],
    ["a path that is none", line(".example.org", "TRUE", "s3cret", "TRUE", 0, "a", "b"), /path/],
    [
      "another site's",
      login.replace("example.org", "example.com"),
      /None of these cookies is for example.org/,
    ],
    ["what is over", login.replace(String(later), "1000"), /are over/],
    ["other JSON", '{"s3cret": 1}', /no list of cookies/],
    ["broken JSON", '[{"s3cret"', /no list of cookies/],
  ])("%s is refused, with the line and without what is in it", (_, text, words) => {
    const error = problem(() => parseCookies(text, "example.org", now));
    expect(error).toMatchObject({ code: "invalid_input", field: "cookies" });
    expect(error.message).toMatch(words);
    expect(`${error.message} ${error.hint}`).not.toContain("s3cret");
  });

  test("says when the login in it ends, whatever trackers say", () => {
    const track = line(".example.org", "TRUE", "/", "TRUE", later - 80_000, "_ga", "1");
    expect(expiryOf(parseCookies(`${track}\n${login}`, "example.org", now))).toBe(later * 1000);
    expect(expiryOf(parseCookies(track, "example.org", now))).toBe((later - 80_000) * 1000);
    expect(expiryOf(parseCookies(login.replace(String(later), "0"), "example.org", now))).toBeNull();
  });
});

describe("a site", () => {
  test.each([
    ["example.org", "example.org"],
    [" WWW.Example.org. ", "example.org"],
    ["https://www.example.org/watch?v=1", "example.org"],
    ["m.example.co.uk", "m.example.co.uk"],
    ["www.com", "www.com"],
    ["t.co", "t.co"],
    ["127.0.0.1", "127.0.0.1"],
    ["bücher.example", "xn--bcher-kva.example"],
  ])("%p is %s", (given, site) => expect(parseSite(given)).toBe(site));

  test.each([
    "",
    "org",
    "localhost",
    "co.uk",
    "com.br",
    "github.io",
    "..",
    "../etc",
    "a/../b",
    "[::1]",
    "ex ample.org",
    "*.org",
  ])("%p is none", (given) =>
    expect(problem(() => parseSite(given))).toMatchObject({ code: "invalid_input", field: "site" }),
  );

  test("has a jar under its own name and those of its parents, never under a suffix", () => {
    expect(sitesFor("a.b.example.org")).toEqual(["a.b.example.org", "b.example.org", "example.org"]);
    expect(sitesFor("www.example.co.uk.")).toEqual(["www.example.co.uk", "example.co.uk"]);
    expect(sitesFor("ada.github.io")).toEqual(["ada.github.io"]);
    expect(sitesFor("127.0.0.1")).toEqual(["127.0.0.1"]);
    expect(sitesFor("[::1]")).toEqual(["[::1]"]);
    expect(sitesFor("nas")).toEqual([]);
  });
});
