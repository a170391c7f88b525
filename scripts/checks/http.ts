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

/** A port of the loopback that was free a moment ago. */
export function freePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  server.stop(true);
  return server.port;
}
