import type { Context } from "hono";
import ipaddr from "ipaddr.js";
import type { AppEnv } from "./env.ts";
import { RateLimit } from "./rate-limit.ts";

/** What slows guessing down: per account, and more generously per address. In memory, for each server. */
export class LoginLimits {
  readonly account = new RateLimit(10, 10 * 60_000);
  readonly address = new RateLimit(60, 10 * 60_000);
}

/** Runs a try to log in; `rate_limited` where there were too many. A success clears the account's count. */
export async function limitLogins<T>(
  c: Context<AppEnv>,
  email: string,
  attempt: () => Promise<T>,
): Promise<T> {
  const { loginLimits, now } = c.get("deps");
  const account = email.trim().toLowerCase().slice(0, 254);
  loginLimits.address.take(networkOf(addressOf(c)), now());
  loginLimits.account.take(account, now());
  const result = await attempt();
  loginLimits.account.forgive(account);
  return result;
}

function addressOf(c: Context<AppEnv>): string {
  // Requests that a test hands to the app directly come from no address.
  return c.env?.server?.requestIP(c.req.raw)?.address ?? "unknown";
}

/** Whoever has an IPv6 address has 2^64 of them (RFC 6177): the network counts, not the address. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === "ipv4" ? parsed.toString() : parsed.toNormalizedString().split(":", 4).join(":");
}
