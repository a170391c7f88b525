import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isCompiled } from "../../lib/asset-root.ts";
import { AppError } from "../../lib/errors.ts";

/** Where releases come from. */
export interface ReleaseSource {
  /** `<baseUrl>/<version>/<asset>`, https only. */
  baseUrl: string;
  /** In PEM, for a mirror whose certificate no public authority signed. */
  ca?: string;
  latestVersion(): Promise<string>;
}

/** `stable` is released every few weeks; `nightly` on each day that something was changed. */
export type Channel = "stable" | "nightly";

const repositories: Record<Channel, string> = {
  stable: "yt-dlp/yt-dlp",
  nightly: "yt-dlp/yt-dlp-nightly-builds",
};

/**
 * The releases of a channel. yt-dlp-wrap's `downloadFromGithub` makes a program executable that nobody checked, and
 * its list of releases ends the process where the network is away (an error event that nothing hears): only its
 * download is used.
 */
export function githubReleases(channel: Channel): ReleaseSource {
  const repository = repositories[channel];
  return {
    baseUrl: `https://github.com/${repository}/releases/download`,
    async latestVersion() {
      const latest = `https://api.github.com/repos/${repository}/releases/latest`;
      return inTime(fetch(latest).then(async (response) => tagOf(await response.json())));
    },
  };
}

/** Whoever asks too often gets an answer without one. */
function tagOf(release: unknown): string {
  const tag = String((release as { tag_name?: unknown } | null)?.tag_name);
  if (!isVersion(tag)) throw new Error("the answer named no release");
  return tag;
}

/** The date of the release, and a time for a nightly one. It becomes the name of a folder. */
export function isVersion(text: string): boolean {
  return /^\d{4}\.\d{2}\.\d{2}(\.\d{1,6})?$/.test(text);
}

/** The archive that Python runs; without Python a program for this system (yt-dlp README, "Release Files"). */
export function assetFor(system: {
  hasPython: boolean;
  platform: string;
  arch: string;
  isMusl: boolean;
}): string {
  if (system.hasPython) return "yt-dlp";
  const base =
    system.platform === "darwin" ? "yt-dlp_macos" : `yt-dlp_${system.isMusl ? "musllinux" : "linux"}`;
  return system.platform !== "darwin" && system.arch === "arm64" ? `${base}_aarch64` : base;
}

/**
 * Downloads one file of a release into `folder` and compares its SHA-256 with the release's own list.
 * Returns its path. Throws AppError `site_unreachable`, or `tool_failed` where the sum is another one.
 */
export async function downloadVerified(
  source: Pick<ReleaseSource, "baseUrl" | "ca">,
  version: string,
  asset: string,
  folder: string,
): Promise<string> {
  const url = (name: string) => `${source.baseUrl}/${version}/${name}`;
  const path = join(folder, `${asset}.download`);
  const sums = join(folder, "SHA2-256SUMS");
  await inTime(downloadFile(url("SHA2-256SUMS"), sums, source.ca));
  await inTime(downloadFile(url(asset), path, source.ca));
  const expected = sumOf(await readFile(sums, "utf8"), asset);
  if (expected === null || (await sha256(path)) !== expected) {
    throw new AppError("tool_failed", "The downloaded yt-dlp is not the one that was released.", {
      hint: "It was thrown away. Try again; if it stays so, something stands between this server and the release.",
    });
  }
  return path;
}

/** `scripts/build.ts` embeds the worker beside the program. */
const worker = isCompiled
  ? "/$bunfs/root/exec/ytdlp/download-worker.js"
  : new URL("./download-worker.ts", import.meta.url).href;

function downloadFile(url: string, path: string, ca?: string): Promise<void> {
  const thread = new Worker(worker);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  thread.addEventListener("message", ({ data }: MessageEvent<string | null>) =>
    data === null ? resolve() : reject(new Error(data)),
  );
  thread.addEventListener("error", ({ message }) => reject(new Error(message)));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin to name
  thread.postMessage({ url, path, ca });
  return promise.finally(() => thread.terminate());
}

/** Lines of `<hex>  <name>`, as sha256sum writes them. */
export function sumOf(list: string, asset: string): string | null {
  for (const line of list.split("\n")) {
    const [, sum, name] = /^([0-9a-f]{64}) [ *](\S+)$/i.exec(line.trim()) ?? [];
    if (name === asset) return sum?.toLowerCase() ?? null;
  }
  return null;
}

async function sha256(path: string): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }))
    hash.update(chunk as Buffer);
  return hash.digest("hex");
}

const patienceMs = 5 * 60_000;

/** yt-dlp-wrap waits for ever, and rejects with whatever it has at hand. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("no answer in time")), patienceMs);
  try {
    return await Promise.race([work, late.promise]);
  } catch (cause) {
    throw new AppError("site_unreachable", "The releases of yt-dlp can't be reached.", {
      hint: "This server needs a way to github.com for updates.",
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
}
