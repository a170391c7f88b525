import ipaddr from "ipaddr.js";
import { AppError } from "./errors.ts";

/** Longer links are refused; signed links of big sites stay below 4,000 characters. */
export const maxUrlLength = 8192;

/** A network in CIDR notation, parsed. */
export type Network = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, prefixLength: number];

export interface AddressPolicy {
  /** Networks that may be fetched although they aren't public; they win over every refusal. */
  allowNetworks: readonly Network[];
  /** The addresses of this machine, which are refused even where they are public. */
  ownAddresses: readonly string[];
}

export type Judgement = { allowed: true } | { allowed: false; reason: string };

/**
 * Reads what a person pasted. The result's `href` is what programs get: normalised, http(s), without
 * credentials. Throws AppError `not_a_url`, `scheme_not_allowed`, `credentials_in_url`.
 */
export function checkUrl(text: string): URL {
  const pasted = text.trim();
  if (pasted === "") throw notAUrl("Paste a link first.");
  if (pasted.length > maxUrlLength) throw notAUrl("This link is too long.");
  if (pasted.startsWith("-")) throw notAUrl("A link can't start with a dash.");
  if (/\p{Cc}/u.test(pasted)) throw notAUrl("This link has a line break or another control character in it.");
  if (!/^https?:\/\//i.test(pasted)) throw notHttp(pasted);
  const url = URL.parse(pasted);
  if (url === null || url.hostname === "") throw notAUrl("This isn't a valid link.");
  // "http://@host/" has an empty user name that the parsed URL no longer shows.
  if (/^https?:[/\\]*[^/\\?#]*@/i.test(pasted)) {
    throw new AppError("credentials_in_url", "This link has a user name or password in it.", {
      hint: "Remove the part before the @ and try again.",
      field: "url",
    });
  }
  return url;
}

/**
 * Judges a host that is written as an address, so that a form can refuse before a job starts; names
 * are judged by the egress guard when they are resolved. Throws AppError `address_not_allowed`.
 */
export function checkHost(url: URL, policy: AddressPolicy): void {
  const judgements = literalAddresses(url.hostname).map((address) => judgeAddress(address, policy));
  const refusal = judgements.find((judgement) => !judgement.allowed);
  if (!refusal || judgements.some((judgement) => judgement.allowed)) return;
  throw addressNotAllowed();
}

export function addressNotAllowed(): AppError {
  return new AppError("address_not_allowed", "This link leads to a private or local network address.", {
    hint: "An admin can open networks with downloads.allow_networks in the configuration.",
    field: "url",
  });
}

/**
 * Whether a connection to this address may be made. Only the public internet is allowed: IPv4 outside
 * the special-purpose registry, and IPv6 inside 2000::/3 outside it (RFC 6890 and its registries).
 */
export function judgeAddress(text: string, policy: AddressPolicy): Judgement {
  if (!ipaddr.isValid(text)) return refused("not an address");
  // Mapped and NAT64 addresses reach the IPv4 address inside them, so that is what counts.
  const address = unwrap(ipaddr.parse(text));
  if (policy.allowNetworks.some((network) => contains(network, address))) return { allowed: true };
  if (policy.ownAddresses.some((own) => sameAddress(own, address))) return refused("this machine");
  const range = address.range();
  if (range !== "unicast") return refused(rangeWords[range] ?? "reserved");
  if (address.kind() === "ipv6" && !contains(globalUnicast, address)) return refused("reserved");
  return { allowed: true };
}

/** Parses `downloads.allow_networks`: CIDRs, or single addresses. Throws AppError `invalid_input`. */
export function parseNetworks(list: readonly string[]): Network[] {
  return list.map((entry) => {
    const text = entry.trim();
    if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
    if (strictAddress(text)) return [ipaddr.parse(text), text.includes(":") ? 128 : 32];
    throw new AppError("invalid_input", `"${entry}" isn't a network.`, {
      hint: "Write networks like 192.168.0.0/16 or fd00::/8.",
    });
  });
}

function notAUrl(message: string): AppError {
  return new AppError("not_a_url", message, {
    hint: "Copy the whole link from the browser, starting with https://.",
    field: "url",
  });
}

function notHttp(pasted: string): AppError {
  // "example.com:8080/a" reads as a scheme, but a person means a host.
  const scheme = /^([a-z][a-z0-9+-]*):(?!\d)/i.exec(pasted)?.[1];
  if (scheme === undefined || /^https?$/i.test(scheme)) return notAUrl("This isn't a valid link.");
  return new AppError(
    "scheme_not_allowed",
    `Links that start with ${scheme.slice(0, 20).toLowerCase()}: can't be downloaded.`,
    { hint: "Only http:// and https:// links work.", field: "url" },
  );
}

/** The URL parser has turned decimal, octal, hex and full-width spellings into plain ones already. */
function literalAddresses(hostname: string): string[] {
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (host === "localhost" || host.endsWith(".localhost")) return ["127.0.0.1", "::1"]; // RFC 6761 §6.3
  return strictAddress(host) ? [host] : [];
}

/** ipaddr.js takes "1" and "0x7f.1" for addresses as well; here those were normalised before. */
function strictAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text);
}

function unwrap(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (address.kind() === "ipv4") return address;
  if (!embeddings.some((network) => contains(network, address))) return address;
  return ipaddr.fromByteArray(address.toByteArray().slice(12));
}

const embeddings: readonly Network[] = [
  ipaddr.parseCIDR("::ffff:0:0/96"), // IPv4-mapped, RFC 4291
  ipaddr.parseCIDR("64:ff9b::/96"), // NAT64's well-known prefix, RFC 6052
];

const globalUnicast: Network = ipaddr.parseCIDR("2000::/3");

function contains([network, prefixLength]: Network, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  const inside = unwrapNetwork(network, prefixLength);
  if (inside[0].kind() !== address.kind()) return false;
  return address.match(inside[0], inside[1]);
}

/** "::ffff:10.0.0.0/104" in the allow list means 10.0.0.0/8. */
function unwrapNetwork(network: ipaddr.IPv4 | ipaddr.IPv6, prefixLength: number): Network {
  if (network.kind() === "ipv4" || prefixLength <= 96) return [network, prefixLength];
  const inner = unwrap(network);
  return inner.kind() === "ipv4" ? [inner, prefixLength - 96] : [network, prefixLength];
}

function sameAddress(own: string, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return (
    ipaddr.isValid(own) && unwrap(ipaddr.parse(own)).toNormalizedString() === address.toNormalizedString()
  );
}

function refused(reason: string): Judgement {
  return { allowed: false, reason };
}

const rangeWords: Record<string, string> = {
  unspecified: "unspecified",
  broadcast: "broadcast",
  multicast: "multicast",
  linkLocal: "link-local",
  loopback: "loopback",
  carrierGradeNat: "carrier-grade NAT",
  private: "private",
  uniqueLocal: "unique local",
  "6to4": "6to4",
  teredo: "Teredo",
};
