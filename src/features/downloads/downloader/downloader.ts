import type { Deps } from "../../../deps.ts";
import { toolVersions } from "../../../exec/tool-versions.ts";
import { staleAfterDays, versionAgeDays } from "../../../exec/ytdlp/errors.ts";
import { readNotes, writeNotes } from "../../../exec/ytdlp/notes.ts";
import { installYtDlp, linkOfYtDlp } from "../../../exec/ytdlp/program.ts";
import type { ProgramPlaces } from "../../../exec/ytdlp/program.ts";
import { dataFolder } from "../../../lib/data-folder.ts";
import { isAppError } from "../../../lib/errors.ts";
import { Snooze } from "../../../queue/job.ts";
import { isWorthGetting, planUpdate } from "./plan.ts";
import { downloaderJob } from "../jobs.ts";

export type DownloaderNeeds = Pick<Deps, "config" | "log" | "now" | "queue" | "releases" | "tools">;

const soonMs = 60_000;
const dayMs = 86_400_000;

/** Sites change, and an old yt-dlp fails at them: it is looked after from the start on, once a day. */
export function keepDownloaderLater({ config, now, queue, tools }: DownloaderNeeds): void {
  queue.cancel(downloaderJob, "yt-dlp");
  // Whoever names a program of their own, or says so, looks after it themselves.
  if (config.tools.yt_dlp !== "" || config.tools.yt_dlp_updates === "never") return;
  queue.add(downloaderJob, {}, { runAt: now() + (tools.ytDlp ? soonMs : 0) });
}

/** Gets the yt-dlp that the configuration wants, where it is another than what is there. Runs under way keep theirs. */
export async function keepDownloaderNow(deps: DownloaderNeeds): Promise<void> {
  const { config, log, now, tools } = deps;
  const version = tools.ytDlp && (await toolVersions(tools, dataFolder.work(config.data.dir))).ytDlp;
  const age = version ? versionAgeDays(version, now()) : null;
  const care = { updates: config.tools.yt_dlp_updates, pin: config.tools.yt_dlp_version };
  try {
    const wanted = planUpdate(care, { version, isStale: age !== null && age > staleAfterDays });
    if (wanted === "newest") await getNewer(deps, version);
    else if (wanted !== null) await install(deps, wanted);
  } catch (error) {
    if (!isAppError(error)) throw error;
    log.warn({ version, reason: error.message }, "yt-dlp should be another, and could not be updated");
  }
  throw new Snooze(dayMs);
}

async function getNewer(deps: DownloaderNeeds, version: string | null): Promise<void> {
  const newest = await askNewest(deps);
  const { leftBehind } = readNotes(placesOf(deps));
  if (isWorthGetting(newest, version, leftBehind)) await install(deps, newest);
}

/** Of the channel of the configuration; it is noted for whoever looks. */
export async function askNewest(deps: DownloaderNeeds): Promise<string> {
  const places = placesOf(deps);
  const version = await places.source.latestVersion();
  writeNotes(places, { newest: { channel: deps.config.tools.yt_dlp_channel, version, at: deps.now() } });
  return version;
}

/** Puts a release to use, got first where it is not there. */
export async function install(deps: DownloaderNeeds, version: string): Promise<void> {
  const places = placesOf(deps);
  await installYtDlp(places, version);
  deps.tools.ytDlp = [linkOfYtDlp(places)];
  deps.log.info({ version }, "yt-dlp was updated");
}

export function placesOf({
  config,
  releases,
}: DownloaderNeeds): ProgramPlaces & Required<Pick<ProgramPlaces, "source">> {
  return { dataDir: config.data.dir, source: releases(config.tools.yt_dlp_channel) };
}
