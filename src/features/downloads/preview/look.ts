import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { probeVideo } from "../../../exec/ytdlp.ts";
import type { SiteInfo } from "../../../exec/ytdlp/output.ts";
import { withWorkFolder } from "../../../exec/work-folder.ts";
import { dataFolder } from "../../../lib/data-folder.ts";
import { AppError, isAppError } from "../../../lib/errors.ts";
import { semaphore } from "../../../lib/semaphore.ts";
import { takeCookies } from "../cookies/cookies.ts";
import { fetchPicture } from "./picture.ts";
import { siteOf, sitesCoolingDown } from "../fetching/sites.ts";

type Needs = Pick<Deps, "config" | "db" | "egress" | "log" | "now" | "tools">;

export interface Look {
  info: SiteInfo;
  picture: string | null;
}

interface Depth {
  wholePlaylist: boolean;
  maxEntries: number;
}

const deadlineMs = 45_000;
/** For lists of tens of thousands, of which yt-dlp takes up to a millisecond each; the server cuts silence at 120 s. */
const longDeadlineMs = 110_000;
const manyEntries = 5000;
/** So long an answer of the site is taken for what it would say again. */
const keptMs = 5 * 60_000;
const mostKept = 40;
const mostEntriesKept = 200_000;
const atOnce = 4;
const atOnceOfOne = 2;
const mostWaiting = 100;

/**
 * Asks the site what is at this address, unless this person had it asked a moment ago. Throws like `probeVideo`.
 * Two at once of one person and four in all are at work; the others wait for their turn.
 */
export async function lookAt(
  deps: Needs,
  user: User,
  url: URL,
  depth: Depth,
  signal: AbortSignal,
): Promise<Look> {
  const { kept, inAll, turnOf } = memoryOf(deps.db);
  const key = `${user.id} ${depth.wholePlaylist} ${depth.maxEntries} ${url.href}`;
  const known = kept.get(key);
  if (known && Math.abs(deps.now() - known.at) < keptMs) return known.look;
  leaveAlone(deps, url);
  return turnOf(user.id)(() =>
    inAll(async () => {
      signal.throwIfAborted();
      const look = await askSite(deps, url, depth, signal);
      keep(kept, key, { look, at: deps.now() });
      return look;
    }),
  );
}

/** A site that asked for a pause gets it from previews, too. */
function leaveAlone(deps: Needs, url: URL): void {
  const pause = sitesCoolingDown(deps, deps.now()).get(siteOf(url));
  if (!pause) return;
  const seconds = Math.ceil((pause.until - deps.now()) / 1000);
  throw new AppError("rate_limited", "The site wants to be left alone for a while.", {
    hint: "It can be downloaded all the same: the download waits until then.",
    retryAfterSeconds: seconds,
  });
}

async function askSite(deps: Needs, url: URL, depth: Depth, signal: AbortSignal): Promise<Look> {
  const limit = depth.maxEntries > manyEntries ? longDeadlineMs : deadlineMs;
  try {
    return await withWorkFolder(dataFolder.work(deps.config.data.dir), "preview", async (folder) => {
      const cookiesFile = takeCookies(deps, url, folder)?.file;
      const info = await probeVideo(deps, { url, folder, cookiesFile, ...depth, signal, deadlineMs: limit });
      return { info, picture: await fetchPicture(deps, info.thumbnailUrl, folder, signal) };
    });
  } catch (error) {
    if (!isAppError(error) || error.code !== "took_too_long") throw error;
    throw new AppError("took_too_long", "The site takes too long to say what is there.", {
      hint: "It can be downloaded all the same.",
      cause: error,
    });
  }
}

interface Memory {
  kept: Map<string, { look: Look; at: number }>;
  inAll: ReturnType<typeof semaphore>;
  turnOf(userId: string): ReturnType<typeof semaphore>;
}

/** For each server, as long as it runs. */
const memories = new WeakMap<Deps["db"], Memory>();

function memoryOf(db: Deps["db"]): Memory {
  const known = memories.get(db);
  if (known) return known;
  const turns = new Map<string, ReturnType<typeof semaphore>>();
  const memory: Memory = {
    kept: new Map(),
    inAll: semaphore(atOnce),
    turnOf(userId) {
      const turn = turns.get(userId) ?? semaphore(atOnceOfOne, { seats: mostWaiting, whenFull: tooMany });
      turns.set(userId, turn);
      return turn;
    },
  };
  memories.set(db, memory);
  return memory;
}

/** The oldest go where there are many, or long playlists among them. */
function keep(kept: Memory["kept"], key: string, value: { look: Look; at: number }): void {
  kept.delete(key);
  kept.set(key, value);
  const entries = () =>
    [...kept.values()].reduce((sum, { look }) => sum + (look.info.entries?.length ?? 0), 0);
  for (const [oldest] of kept) {
    if (kept.size <= mostKept && entries() <= mostEntriesKept) return;
    kept.delete(oldest);
  }
}

function tooMany(): AppError {
  return new AppError("rate_limited", "So many links at once can't be looked at.", {
    hint: "Wait for those before.",
    retryAfterSeconds: 10,
  });
}
