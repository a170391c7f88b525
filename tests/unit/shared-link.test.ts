import { describe, expect, test } from "bun:test";
import { bookmarklet, sharedLink } from "../../src/features/downloads/adding/shared-link.ts";
import { maxUrlLength } from "../../src/lib/url-policy.ts";

describe("sharedLink", () => {
  const link = "https://example.org/watch?v=1&list=2";
  test.each([
    ["a link as it is", { url: link }, link],
    ["a link before a text", { url: link, text: "https://other.example/" }, link],
    ["a link in a text", { text: `Look at this: ${link} (it is good)` }, link],
    ["a link at the end of a sentence", { text: `Have you seen ${link}?` }, link],
    ["a link in brackets", { text: `Good (${link}).` }, link],
    ["the first of two links", { text: `${link}\nhttps://other.example/` }, link],
    ["a link where the title is", { title: `Great ${link}`, text: "no link" }, link],
    ["a link behind an empty one", { url: "  ", text: link }, link],
    ["a link in capitals", { text: "HTTPS://EXAMPLE.ORG/a" }, "HTTPS://EXAMPLE.ORG/a"],
    ["a link with a script in it", { text: `${link}"><script>alert(1)</script>` }, link],
    ["no link at all", { text: "hello", title: "javascript:alert(1)" }, ""],
    ["nothing", {}, ""],
    ["what is no link, for the form to refuse", { url: "javascript:alert(1)" }, "javascript:alert(1)"],
    [
      "several lines, as one",
      { url: "https://a.example/\r\nhttps://b.example/" },
      "https://a.example/ https://b.example/",
    ],
    ["marks that turn the writing", { url: "https://a.example/\u202egpj" }, "https://a.example/gpj"],
  ])("takes %s", (_what, query, expected) => expect(sharedLink(query)).toBe(expected));

  test("is never longer than a link may be", () => {
    expect(sharedLink({ url: `https://a.example/${"a".repeat(100_000)}` })).toHaveLength(maxUrlLength);
    expect(sharedLink({ text: "https://".repeat(50_000) }).length).toBeLessThanOrEqual(maxUrlLength);
  });
});

test("the bookmarklet opens our page with the address that is open, whatever the host says of itself", () => {
  const code = bookmarklet('https://h"ome.example', "/downloads").replace("javascript:", "");
  const opened: string[] = [];
  // As the browser does it with what it keeps in its bookmarks.
  // oxlint-disable-next-line typescript/no-implied-eval
  const run = new Function("open", "location", code);
  run((url: string) => opened.push(url), { href: "https://video.example/watch?v=1&t=2#top" });
  expect(opened).toEqual([
    'https://h"ome.example/downloads?url=https%3A%2F%2Fvideo.example%2Fwatch%3Fv%3D1%26t%3D2%23top#add',
  ]);
});
