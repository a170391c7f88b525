import { expect, test } from "bun:test";
import { shownAddress } from "../../src/cli/shown-address.ts";

const one = { netmask: "255.255.255.0", mac: "", cidr: null };
const interfaces = {
  lo: [{ ...one, address: "127.0.0.1", family: "IPv4" as const, internal: true }],
  eth0: [
    { ...one, address: "2001:db8::7", family: "IPv6" as const, internal: false, scopeid: 0 },
    { ...one, address: "192.0.2.7", family: "IPv4" as const, internal: false },
  ],
};

test.each([
  ["0.0.0.0", false, "http://192.0.2.7:8080"],
  ["::", false, "http://192.0.2.7:8080"],
  // The container's own address leads nowhere from outside.
  ["0.0.0.0", true, "http://localhost:8080"],
  ["::", true, "http://localhost:8080"],
  ["127.0.0.1", true, "http://127.0.0.1:8080"],
  ["::1", false, "http://[::1]:8080"],
  ["nas.lan", false, "http://nas.lan:8080"],
])("who listens on %s, in a container %p, is found at %s", (host, isContainer, address) => {
  expect(shownAddress(host, 8080, { isContainer, interfaces })).toBe(address);
});

test("a machine without a network is found on itself", () => {
  expect(shownAddress("0.0.0.0", 80, { isContainer: false, interfaces: { lo: interfaces.lo } })).toBe(
    "http://localhost:80",
  );
});
