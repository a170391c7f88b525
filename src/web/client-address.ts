import type { Server } from "bun";
import ipaddr from "ipaddr.js";
import type { Config } from "../config.ts";
import type { Deps } from "../deps.ts";

/** Who is at the other end of a request. */
export interface From {
  /** Of the browser or program, as far as proxies that we trust can tell. */
  address: string;
  /** What it says of itself; anything at all. */
  userAgent: string;
}

/** For what nobody outside asked for. */
export const fromNobody: From = { address: "", userAgent: "" };

export function fromOf({ config }: Pick<Deps, "config">, request: Request, server?: Server<unknown>): From {
  return {
    address: clientAddress(config, socketAddress(request, server), request.headers.get("x-forwarded-for")),
    userAgent: request.headers.get("user-agent") ?? "",
  };
}

/** Whether the request was handed on by a proxy whose word is taken. */
export function isFromTrustedProxy(
  { config }: Pick<Deps, "config">,
  request: Request,
  server?: Server<unknown>,
): boolean {
  return isTrusted(config, socketAddress(request, server));
}

/**
 * The address nearest to us that is no trusted proxy: X-Forwarded-For is read from its end, since all that stands
 * before the first stranger's address is that stranger's own invention.
 */
export function clientAddress(
  config: Pick<Config, "server">,
  socket: string,
  forwardedFor: string | null,
): string {
  const hops = (forwardedFor ?? "")
    .split(",")
    .map((one) => withoutPort(one.trim()))
    .filter(Boolean);
  let address = socket;
  while (hops.length > 0 && isTrusted(config, address)) {
    const next = hops.pop() ?? "";
    if (!ipaddr.isValid(next)) break;
    address = next;
  }
  return plain(address);
}

function socketAddress(request: Request, server?: Server<unknown>): string {
  // Requests that a test hands to the app directly come from no address.
  return server?.requestIP(request)?.address ?? "unknown";
}

function isTrusted({ server }: Pick<Config, "server">, address: string): boolean {
  if (server.trusted_proxies.length === 0 || !ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return server.trusted_proxies.some((network) => {
    const [base, bits] = ipaddr.parseCIDR(network);
    return base.kind() === parsed.kind() && parsed.match([base, bits] as [ipaddr.IPv4, number]);
  });
}

/** "203.0.113.9:4711" and "[2001:db8::1]:4711", as some proxies write. */
function withoutPort(text: string): string {
  return /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
}

/** IPv4 as IPv4, also where it came mapped into IPv6. */
function plain(address: string): string {
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : address;
}

/** Whoever has an IPv6 address has 2^64 of them (RFC 6177): the network counts, not the address. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === "ipv4" ? parsed.toString() : parsed.toNormalizedString().split(":", 4).join(":");
}
