import { statfs } from "node:fs/promises";
import type { z } from "zod";
import type { Download } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { keepWorkFolder, removeWorkFolder } from "../../exec/work-folder.ts";
import { fetchVideo } from "../../exec/ytdlp.ts";
import type { FetchedFile, SiteInfo, YtdlpProgress } from "../../exec/ytdlp.ts";
import { isTransient } from "../../exec/ytdlp-errors.ts";
import { dataFolder } from "../../lib/data-folder.ts";
import { AppError, isAppError } from "../../lib/errors.ts";
import { failpoint } from "../../lib/failpoint.ts";
import { cleanText } from "../../lib/text.ts";
import type { JobLoss } from "../../queue/binding.ts";
import { JobInterrupt, PermanentFailure } from "../../queue/job.ts";
import type { JobContext } from "../../queue/job.ts";
import { describeVideo, failVideo, ingestLater } from "../videos/videos.ts";
import type { probeJob } from "./jobs.ts";
import { fetchJob } from "./jobs.ts";
import { hasRoom, planRoute } from "./plan.ts";
import { expandPlaylist } from "./playlist.ts";
import { changeDownloadFrom, findDownload, measuredThroughput, unfinishedDownloadIds } from "./queries.ts";

type Payload = z.infer<typeof probeJob.payload>;
type Needs = Pick<Deps, "config" | "db" | "egress" | "events" | "log" | "now" | "queue" | "tools">;

/** A download that is at work: it has a video. */
type Running = Download & { videoId: string };

/**
 * Looks at the page, plans the route and, where that is short, downloads in the same run of yt-dlp. Where
 * it turns out long it goes on in the long lane, with what is there of the file.
 */
export async function probeNow(deps: Needs, { downloadId }: Payload, context: JobContext): Promise<void> {
  await work(deps, downloadId, context, "probing", (download) =>
    fetchVideo(deps, {
      url: new URL(download.url),
      folder: folderOf(deps, download.id),
      signal: context.signal,
      decide: (info) => takeRoute(deps, download, info),
      onProgress: (progress) => showProgress(deps, download, progress),
    }),
  );
}

/** Downloads what was looked at before; goes on where the last try stopped. */
export async function fetchNow(deps: Needs, { downloadId }: Payload, context: JobContext): Promise<void> {
  await work(deps, downloadId, context, "fetching", (download) =>
    fetchVideo(deps, {
      url: new URL(download.url),
      folder: folderOf(deps, download.id),
      signal: context.signal,
      resume: true,
      decide: () => "go on",
      onProgress: (progress) => showProgress(deps, download, progress),
    }),
  );
}
