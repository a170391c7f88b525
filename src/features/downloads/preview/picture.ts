import type { Deps } from "../../../deps.ts";
import { run } from "../../../exec/run.ts";

const mostBytesIn = 8_000_000;
const mostBytesOut = 60_000;
const deadlineMs = 6000;

/** Of the web's pictures; `image2` is what ffmpeg calls an address that ends in .jpg. */
const pictureFormats = "image2,jpeg_pipe,png_pipe,webp_pipe,gif,bmp_pipe,mov";

/**
 * A site's picture, made small, as a data: URL; null where it can't be had quickly. ffmpeg fetches it through a
 * pass of its own: Bun's `fetch` goes round a proxy that it was told to take wherever NO_PROXY says so.
 */
export async function fetchPicture(
  { egress, log, tools }: Pick<Deps, "egress" | "log" | "tools">,
  url: string | null,
  folder: string,
  signal: AbortSignal,
): Promise<string | null> {
  const address = url === null ? null : URL.parse(url);
  if (!address || !/^https?:$/.test(address.protocol)) return null;
  const pass = egress.openPass();
  const flood = new AbortController();
  const watch = setInterval(() => pass.bytes() > mostBytesIn && flood.abort(), 50);
  try {
    const { stdoutBytes } = await run({
      argv: [tools.ffmpeg, ...pictureArgs(address.href)],
      cwd: folder,
      env: { http_proxy: pass.proxyUrl },
      signal: AbortSignal.any([signal, flood.signal]),
      deadlineMs,
      maxStdoutBytes: mostBytesOut,
    });
    return stdoutBytes.length === 0 ? null : `data:image/jpeg;base64,${stdoutBytes.toBase64()}`;
  } catch (error) {
    signal.throwIfAborted();
    log.debug({ err: error }, "a preview goes without its picture");
    return null;
  } finally {
    clearInterval(watch);
    pass.close();
  }
}

export function pictureArgs(url: string): string[] {
  const protocols = "http,https,httpproxy,tcp,tls,crypto";
  return [
    ["-nostdin", "-hide_banner", "-v", "error", "-protocol_whitelist", protocols],
    ["-format_whitelist", pictureFormats, "-max_pixels", String(40_000_000)],
    ["-user_agent", "Mozilla/5.0", "-i", url],
    ["-frames:v", "1", "-vf", "scale=w='min(480,iw)':h=-2,setsar=1,format=yuvj420p"],
    ["-q:v", "6", "-threads", "1", "-f", "mjpeg", "pipe:1"],
  ].flat();
}
