import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AppError, type ErrorCode } from "../../src/lib/errors.ts";
import { checkHost, checkUrl, judgeAddress, maxUrlLength, parseNetworks } from "../../src/lib/url-policy.ts";
import { innerHosts, ownAddresses } from "../fixtures/inner-hosts.ts";

const closed = { allowNetworks: [], ownAddresses };

const outerHosts = `
8.8.8.8 1.1.1.1 134744072 0x08080808 010.010.010.010 93.184.215.14 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1
192.167.0.1 169.253.0.1 11.0.0.1 126.255.255.255 128.0.0.1 223.255.255.255 [2606:4700:4700::1111] [2a00:1450::1]
[::ffff:8.8.8.8] [64:ff9b::8.8.8.8] example.com localhost.example.com xn--bcher-kva.example
`
  .trim()
  .split(/\s+/);

describe("checkHost", () => {
  test("the table has at least a hundred spellings", () => expect(innerHosts.length).toBeGreaterThan(100));

  test.each(innerHosts)("refuses %s", (host) => {
    expect(codeOf(() => checkHost(checkUrl(`http://${host}/v.mp4`), closed))).toBe("address_not_allowed");
  });

  test.each(outerHosts)("lets %s through", (host) => {
    checkHost(checkUrl(`https://${host}:8443/v.mp4`), closed);
  });

  test("an allowed network opens its own addresses in every spelling, and nothing else", () => {
    const open = { ...closed, allowNetworks: parseNetworks(["127.0.0.0/8", "fd00::/8", "192.168.1.7"]) };
    for (const host of ["2130706433", "localhost", "[::ffff:7f00:1]", "[fd12::1]", "192.168.1.7"]) {
      checkHost(checkUrl(`http://${host}/`), open);
    }
    for (const host of ["10.0.0.1", "[::1]", "192.168.1.8", "[fc00::1]"]) {
      expect(codeOf(() => checkHost(checkUrl(`http://${host}/`), open))).toBe("address_not_allowed");
    }
  });
});

describe("judgeAddress", () => {
  test.each([
    ["127.0.0.1", "loopback"],
    ["10.1.2.3", "private"],
    ["169.254.169.254", "link-local"],
    ["100.64.0.1", "carrier-grade NAT"],
    ["224.0.0.1", "multicast"],
    ["255.255.255.255", "broadcast"],
    ["0.0.0.0", "unspecified"],
    ["198.18.0.1", "reserved"],
    ["fd00::1", "unique local"],
    ["fe80::1%eth0", "link-local"],
    ["2002::1", "6to4"],
    ["2001::1", "Teredo"],
    ["203.0.114.9", "this machine"],
    ["not-an-address", "not an address"],
    ["", "not an address"],
  ])("refuses %s as %s", (address, reason) => {
    expect(judgeAddress(address, closed)).toEqual({ allowed: false, reason });
  });

  test("every IPv4 address is judged the same in its mapped and NAT64 forms", () => {
    const bytes = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    fc.assert(
      fc.property(bytes, (parts) => {
        const plain = judgeAddress(parts.join("."), closed);
        expect(judgeAddress(`::ffff:${parts.join(".")}`, closed)).toEqual(plain);
        expect(judgeAddress(`64:ff9b::${parts.join(".")}`, closed)).toEqual(plain);
      }),
    );
  });
});

describe("checkUrl", () => {
  test.each([
    ["https://example.com/watch?v=1&list=2#t", "https://example.com/watch?v=1&list=2#t"],
    ["  https://example.com/a b \n", "https://example.com/a%20b"],
    ["HTTP://EXAMPLE.com:80", "http://example.com/"],
    ["https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"],
    ["https://example.com/@someone", "https://example.com/@someone"],
    ["https://example.com/?mail=a@b", "https://example.com/?mail=a@b"],
  ])("takes %j as %s", (text, href) => expect(checkUrl(text).href).toBe(href));

  test.each<[string, ErrorCode]>([
    ["", "not_a_url"],
    ["   ", "not_a_url"],
    ["hello", "not_a_url"],
    ["example.com/video", "not_a_url"],
    ["example.com:8080/video", "not_a_url"],
    ["localhost:8080", "not_a_url"],
    ["--exec=touch /tmp/x", "not_a_url"],
    ["-o/etc/passwd", "not_a_url"],
    ["—https://example.com", "not_a_url"],
    ["https://", "not_a_url"],
    ["https:example.com", "not_a_url"],
    ["https:\\\\example.com", "not_a_url"],
    ["https://exa mple.com", "not_a_url"],
    ["https://example.com:99999", "not_a_url"],
    ["https://256.256.256.256/", "not_a_url"],
    ["https://[::1%25lo]/", "not_a_url"],
    ["https://example.com/\r\nHost: inner", "not_a_url"],
    ["https://example.com/\u0000", "not_a_url"],
    ["https://example.com/\u0085x", "not_a_url"],
    [`https://example.com/${"a".repeat(maxUrlLength)}`, "not_a_url"],
    ["file:///etc/passwd", "scheme_not_allowed"],
    ["FILE:/etc/passwd", "scheme_not_allowed"],
    ["ftp://example.com/a.mp4", "scheme_not_allowed"],
    ["rtmp://example.com/live", "scheme_not_allowed"],
    ["rtsp://example.com/live", "scheme_not_allowed"],
    ["data:video/mp4;base64,AAAA", "scheme_not_allowed"],
    ["javascript:alert(1)", "scheme_not_allowed"],
    ["ytsearch:cats", "scheme_not_allowed"],
    ["gopher://example.com", "scheme_not_allowed"],
    ["concat:/etc/passwd|x", "scheme_not_allowed"],
    ["https://user:secret@example.com/", "credentials_in_url"],
    ["https://user@example.com/", "credentials_in_url"],
    ["https://@example.com/", "credentials_in_url"],
    ["https://:@example.com/", "credentials_in_url"],
    ["https://example.com@127.0.0.1/", "credentials_in_url"],
  ])("refuses %j with %s", (text, code) => expect(codeOf(() => checkUrl(text))).toBe(code));

  test("whatever is pasted, the answer is an http(s) link without credentials or a plain refusal", () => {
    const pieces = fc.constantFrom(
      "http",
      "https",
      ":",
      "//",
      "/",
      "@",
      "-",
      "[",
      "]",
      "127.0.0.1",
      "a.b",
      "\n",
      "%",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.webUrl(),
          fc.array(pieces).map((p) => p.join("")),
        ),
        (text) => {
          try {
            const url = checkUrl(text);
            expect(url.href).toMatch(/^https?:\/\/[^@/]+\//);
            expect(URL.parse(url.href)?.href).toBe(url.href);
          } catch (error) {
            expect(error).toBeInstanceOf(AppError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("parseNetworks", () => {
  test.each(["10.0.0.0/33", "10.0.0.0/8/8", "localhost", "1", "::/129", "", "0x7f.1"])(
    "refuses %j",
    (entry) => {
      expect(codeOf(() => parseNetworks([entry]))).toBe("invalid_input");
    },
  );

  test("takes CIDRs and single addresses of both families", () => {
    const policy = {
      ...closed,
      allowNetworks: parseNetworks(["10.0.0.0/8", "::1", " 192.168.1.7 ", "::ffff:172.16.0.0/108"]),
    };
    for (const address of ["10.9.9.9", "::1", "192.168.1.7", "172.16.5.5", "::ffff:10.0.0.1"]) {
      expect(judgeAddress(address, policy)).toEqual({ allowed: true });
    }
    expect(judgeAddress("172.32.0.1", closed)).toEqual({ allowed: true });
    expect(judgeAddress("192.168.1.8", policy).allowed).toBe(false);
  });
});

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return "nothing was refused";
}
