import { describe, expect, test } from "bun:test";
import { keepEnd, stripLine } from "../../src/features/downloads/logs/rules.ts";

const hidden = { dataDir: "/srv/shelf", secrets: ["s3cret/value+1", "abc"] };

describe("a line of a log", () => {
  test.each([
    ["WARNING: nothing to hide in 12 formats", "WARNING: nothing to hide in 12 formats"],
    ["GET https://example.org/a/b.mp4?v=1&t=20s", "GET https://example.org/a/b.mp4?v=1&t=20s"],
    [
      "https://cdn.example/a.m3u8?token=xyz&v=1&X-Amz-Signature=00ff&Policy=e30",
      "https://cdn.example/a.m3u8?token=[hidden]&v=1&X-Amz-Signature=[hidden]&Policy=[hidden]",
    ],
    ["#access_token=xyz", "#access_token=[hidden]"],
    ["via http://pass:0123456789@127.0.0.1:4411/", "via http://[hidden]@127.0.0.1:4411/"],
    ["Cookie: a=b; c=d", "Cookie: [hidden]"],
    ["{'Cookie': 'a=b'}", "{'Cookie': [hidden]"],
    ["Set-Cookie: sid=1; Path=/", "Set-Cookie: [hidden]"],
    ["Proxy-Authorization: Basic eA==", "Proxy-Authorization: [hidden]"],
    ["the value s3cret/value+1 in the open", "the value [hidden] in the open"],
    ["and https://a.example/?v=s3cret%2Fvalue%2B1", "and https://a.example/?v=[hidden]"],
    ["abc is too short to be a secret", "abc is too short to be a secret"],
    ["writing /srv/shelf/work/0001/original.mp4.part", "writing work/0001/original.mp4.part"],
    ['  File "/usr/lib/python3/yt_dlp/YoutubeDL.py", line 1', 'File "…/YoutubeDL.py", line 1'],
    ["[Errno 2] No such file: '/home/ada/secret.txt'", "[Errno 2] No such file: '…/secret.txt'"],
    ["red \u001b[31mtext\u001b[0m and \u202eturned", "red  [31mtext [0m and turned"],
  ])("%p", (line, shown) => expect(stripLine(line, hidden)).toBe(shown));

  test("is cut where it is long", () => {
    expect(stripLine("x".repeat(10_000), hidden)).toHaveLength(2000);
  });
});

describe("a log", () => {
  test("that is short stays as it is", () => expect(keepEnd("one\ntwo\n", 100)).toBe("one\ntwo\n"));

  test("that is long keeps whole lines of its end, in bytes", () => {
    const lines = Array.from({ length: 1000 }, (_, n) => `${n} äöü 🎬\n`).join("");
    const kept = keepEnd(lines, 500);
    expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(500);
    expect(kept).toMatch(/^\[What came before is not kept\.\]\n\d+ äöü 🎬\n/);
    expect(kept).toEndWith("999 äöü 🎬\n");
    expect(kept).not.toContain("\ufffd");
  });
});
