import { lookup } from "node:dns/promises";
import { networkInterfaces } from "node:os";
import type { Socket, SocketHandler } from "bun";
import { type AddressPolicy, judgeAddress, type Network } from "../lib/url-policy.ts";

/** Why the guard did not connect; the word stands in its answer's status line. */
export type Unreached = "address_not_allowed" | "name_not_found" | "connect_failed" | "connect_timeout";

/** All addresses of a name, in the order to try them. */
export type Resolve = (host: string) => Promise<string[]>;

export type Reached<Data> = { socket: Socket<Data> } | { socket: null; reason: Unreached; refused: string[] };

export interface ReachOptions<Data> {
  host: string;
  port: number;
  policy: AddressPolicy;
  resolve: Resolve;
  timeoutMs: number;
  handlers: SocketHandler<Data>;
  data: Data;
}

/**
 * Resolves once, judges every address and connects to one that was judged, by its number: a name that
 * answers differently the next time gains nothing.
 */
export async function reach<Data>(options: ReachOptions<Data>): Promise<Reached<Data>> {
  const addresses = await options.resolve(options.host).catch(() => []);
  if (addresses.length === 0) return { socket: null, reason: "name_not_found", refused: [] };
  const allowed = addresses.filter((address) => judgeAddress(address, options.policy).allowed);
  if (allowed.length === 0) return { socket: null, reason: "address_not_allowed", refused: addresses };
  return connectToFirst(inTurns(allowed).slice(0, maxAddresses), options);
}

/** `node:dns` asks the system, so the hosts file and local names count as everywhere else. */
export async function resolveBySystem(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}

export function currentPolicy(allowNetworks: readonly Network[]): AddressPolicy {
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return { allowNetworks, ownAddresses: own.map(({ address }) => address) };
}

const maxAddresses = 4;

/** The families by turns, as RFC 8305 §4 asks, so that one which leads nowhere does not use up all tries. */
export function inTurns(addresses: readonly string[]): string[] {
  const isSix = (address: string) => address.includes(":");
  const first = addresses.filter((address) => isSix(address) === isSix(addresses[0] ?? ""));
  const second = addresses.filter((address) => !first.includes(address));
  const longer = Math.max(first.length, second.length);
  return Array.from({ length: longer }, (_, i) => [first[i], second[i]])
    .flat()
    .filter((one) => one !== undefined);
}

async function connectToFirst<Data>(
  addresses: string[],
  options: ReachOptions<Data>,
): Promise<Reached<Data>> {
  const endsAt = performance.now() + options.timeoutMs;
  let reason: Unreached = "connect_failed";
  for (const [index, address] of addresses.entries()) {
    const share = (endsAt - performance.now()) / (addresses.length - index);
    const outcome = await connect(address, Math.max(1, share), options);
    if (typeof outcome !== "string") return { socket: outcome };
    reason = outcome;
  }
  return { socket: null, reason, refused: [] };
}

async function connect<Data>(
  address: string,
  timeoutMs: number,
  { port, handlers, data }: ReachOptions<Data>,
): Promise<Socket<Data> | Unreached> {
  const connecting = Bun.connect({ hostname: address, port, socket: handlers, data, allowHalfOpen: true });
  const timeout = Promise.withResolvers<Unreached>();
  const timer = setTimeout(() => timeout.resolve("connect_timeout"), timeoutMs);
  const opened = connecting.catch((): Unreached => "connect_failed");
  const first = await Promise.race([opened, timeout.promise]);
  clearTimeout(timer);
  if (first === "connect_timeout") {
    void opened.then((late) => typeof late !== "string" && late.terminate());
  }
  return first;
}
