import { describe, expect, test } from "bun:test";
import {
  headEnd,
  parseAnswerHead,
  parseRequestHead,
  rewriteResponseHead,
} from "../../src/egress/http-head.ts";

const lines = (...all: string[]) => Buffer.from(`${all.join("\r\n")}\r\n\r\n`, "latin1");

describe("parseRequestHead", () => {
  test("an absolute target becomes a path, with the Host of the target and nothing meant for the proxy", () => {
    const parsed = parseRequestHead(
      lines(
        "GET http://Example.com:8080/a%20b?c=1 HTTP/1.1",
        "Host: somewhere.else",
        "Proxy-Authorization: Basic abc",
        "Proxy-Connection: keep-alive",
        "Connection: keep-alive, X-Mine",
        "X-Mine: 1",
        "Range: bytes=5-",
        "User-Agent: t\u00e9st",
      ),
    );
    if (!parsed.ok) throw new Error(parsed.reason);
    expect(parsed.head).toMatchObject({
      host: "example.com",
      port: 8080,
      bodyBytes: 0,
      proxyAuthorization: "Basic abc",
    });
    expect(parsed.head.forwarded?.toString("latin1").split("\r\n")).toEqual([
      "GET /a%20b?c=1 HTTP/1.1",
      "Host: example.com:8080",
      "Range: bytes=5-",
      "User-Agent: t\u00e9st",
      "Connection: close",
      "",
      "",
    ]);
  });

  test.each([
    ["CONNECT example.com:443 HTTP/1.1", "example.com", 443],
    ["CONNECT [2606:4700::1]:8443 HTTP/1.1", "2606:4700::1", 8443],
    ["CONNECT 0x7f.1:80 HTTP/1.1", "127.0.0.1", 80],
    ["GET http://[::1]/ HTTP/1.0", "::1", 80],
    ["HEAD http://example.com HTTP/1.1", "example.com", 80],
  ])("%s leads to %s port %i", (start, host, port) => {
    expect(parseRequestHead(lines(start))).toMatchObject({ ok: true, head: { host, port } });
  });

  test.each([
    ["origin form", ["GET / HTTP/1.1", "Host: a"]],
    ["https without a tunnel", ["GET https://example.com/ HTTP/1.1"]],
    ["another scheme", ["GET ftp://example.com/ HTTP/1.1"]],
    ["credentials in the target", ["GET http://a:b@example.com/ HTTP/1.1"]],
    ["a tunnel without a port", ["CONNECT example.com HTTP/1.1"]],
    ["a tunnel to port 0", ["CONNECT example.com:0 HTTP/1.1"]],
    ["HTTP/2", ["GET http://example.com/ HTTP/2"]],
    ["a space before the colon", ["GET http://example.com/ HTTP/1.1", "Content-Length : 5"]],
    ["a folded line", ["GET http://example.com/ HTTP/1.1", "A: b", " c: d"]],
    ["a bare line feed", ["GET http://example.com/ HTTP/1.1", "A: b\nHost: inner"]],
    ["two lengths", ["POST http://example.com/ HTTP/1.1", "Content-Length: 5", "Content-Length: 6"]],
    ["a length that is no number", ["POST http://example.com/ HTTP/1.1", "Content-Length: +5"]],
    ["a chunked body", ["POST http://example.com/ HTTP/1.1", "Transfer-Encoding: chunked"]],
    [
      "a length that Connection would drop",
      ["POST http://example.com/ HTTP/1.1", "Connection: host", "\u0000: a"],
    ],
  ])("refuses %s", (_what, head) => expect(parseRequestHead(lines(...head)).ok).toBe(false));

  test("Connection can't take the body's length away", () => {
    const parsed = parseRequestHead(
      lines("POST http://example.com/ HTTP/1.1", "Connection: Content-Length", "Content-Length: 5"),
    );
    if (!parsed.ok) throw new Error(parsed.reason);
    expect(parsed.head.bodyBytes).toBe(5);
    expect(parsed.head.forwarded?.toString("latin1")).toContain("Content-Length: 5\r\n");
  });
});

describe("rewriteResponseHead", () => {
  test("ends the connection and keeps the framing, the reason and repeated headers", () => {
    const head = lines(
      "HTTP/1.1 206 Partly",
      "Connection: keep-alive",
      "Keep-Alive: timeout=5",
      "Transfer-Encoding: chunked",
      "Set-Cookie: a=1",
      "Set-Cookie: b=2",
    );
    expect(rewriteResponseHead(head)?.head.toString("latin1").trimEnd().split("\r\n")).toEqual([
      "HTTP/1.1 206 Partly",
      "Transfer-Encoding: chunked",
      "Set-Cookie: a=1",
      "Set-Cookie: b=2",
      "Connection: close",
    ]);
  });

  test("knows interim answers, and what is no HTTP", () => {
    expect(rewriteResponseHead(lines("HTTP/1.1 103 Early Hints", "Link: x"))?.interim).toBe(true);
    expect(rewriteResponseHead(lines("HTTP/1.1 200"))?.interim).toBe(false);
    expect(rewriteResponseHead(lines("ICY 200 OK"))).toBeNull();
    expect(rewriteResponseHead(lines("SSH-2.0-OpenSSH_9.2"))).toBeNull();
  });
});

describe("parseAnswerHead", () => {
  test("says the status and the first header of a name, without the blanks around it", () => {
    const head = parseAnswerHead(
      lines("HTTP/1.1 429", "Retry-After: \t 9 0 \t", "retry-after: 2", "Empty: "),
    );
    expect(head?.status).toBe(429);
    expect(head?.header("retry-after")).toBe("9 0");
    expect(head?.header("empty")).toBe("");
    expect(head?.header("date")).toBeNull();
    expect(parseAnswerHead(lines("SSH-2.0-OpenSSH_9.2"))).toBeNull();
  });

  test("is not held up by a header that is nearly all blanks", () => {
    const blanks = " \t".repeat(32_000);
    const startedAt = performance.now();
    expect(parseAnswerHead(lines("HTTP/1.1 200", `A: b${blanks}c`))?.header("a")).toBe(`b${blanks}c`);
    expect(parseAnswerHead(lines("HTTP/1.1 200", `A: ${blanks}`))?.header("a")).toBe("");
    // By a pattern it took seconds.
    expect(performance.now() - startedAt).toBeLessThan(500);
  });
});

test("headEnd finds the empty line only when it is there", () => {
  expect(headEnd(Buffer.from("GET / HTTP/1.1\r\nA: b\r\n"))).toBe(-1);
  expect(headEnd(Buffer.from("A\r\n\r\nbody"))).toBe(5);
});
