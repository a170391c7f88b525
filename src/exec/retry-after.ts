import { askHead } from "../egress/ask-head.ts";
import type { Egress } from "../egress/egress.ts";

const longestSeconds = 86_400;

/**
 * Seconds until a site that answers 429 wants to be asked again (RFC 9110 §10.2.3); null where it doesn't say, or no
 * longer answers so. yt-dlp keeps it to itself, so it takes one request for the head alone, through the guard.
 */
export async function askRetryAfter(egress: Egress, url: URL, now: number): Promise<number | null> {
  const pass = egress.openPass();
  try {
    const { status, header } = await askHead(pass.proxyUrl, url, AbortSignal.timeout(10_000));
    return status === 429 || status === 503 ? parseRetryAfter(header("retry-after"), now) : null;
  } catch {
    // Whatever is wrong with it now: that it limits us is known already.
    return null;
  } finally {
    pass.close();
  }
}

/** Seconds, or the date of its end; a day at the most. */
export function parseRetryAfter(header: string | null, now: number): number | null {
  const text = header?.trim() ?? "";
  // A date begins with its weekday; Date.parse takes much else for one.
  const until = /^[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : Math.ceil((until - now) / 1000);
  return Number.isFinite(seconds) ? Math.min(longestSeconds, Math.max(0, seconds)) : null;
}
