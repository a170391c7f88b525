import { randomInt } from "node:crypto";

/** The body of the first 200 that a server gives; throws what stood in the way when the time is over. */
export async function getWhenReady(url: URL, timeoutMs: number): Promise<string> {
  const until = performance.now() + timeoutMs;
  let problem = "no answer";
  while (performance.now() < until) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
      if (response.status === 200) return await response.text();
      problem = `status ${response.status}`;
    } catch (error) {
      problem = String(error);
    }
    await Bun.sleep(50);
  }
  throw new Error(`GET ${url.href}: ${problem}`);
}

const given = new Set<number>();

/**
 * A port of the loopback that was free a moment ago, from where no system takes one by itself: so nobody else gets it
 * before it is used, nor while a server comes back to it.
 */
export function freePort(): number {
  for (let tries = 0; tries < 1000; tries++) {
    const port = randomInt(10_000, 32_000);
    if (given.has(port)) continue;
    try {
      Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }).stop(true);
      given.add(port);
      return port;
    } catch {
      // Somebody has it.
    }
  }
  throw new Error("no port of the loopback is free");
}
