import type { Deps } from "../../deps.ts";
import { toolVersions } from "../../exec/tool-versions.ts";
import { staleAfterDays, versionAgeDays } from "../../exec/ytdlp-errors.ts";
import { installYtDlp } from "../../exec/ytdlp-program.ts";
import { dataFolder } from "../../lib/data-folder.ts";
import { isAppError } from "../../lib/errors.ts";
import { Snooze } from "../../queue/job.ts";
import { downloaderJob } from "./jobs.ts";

type Needs = Pick<Deps, "config" | "log" | "now" | "queue" | "tools">;

const soonMs = 60_000;
const dayMs = 86_400_000;

/** Sites change, and an old yt-dlp fails at them: it is looked after from the start on, once a day. */
export function keepDownloaderLater({ config, now, queue, tools }: Needs): void {
  queue.cancel(downloaderJob, "yt-dlp");
  // Whoever names a program of their own, or says so, looks after it themselves.
  if (config.tools.yt_dlp !== "" || config.tools.yt_dlp_updates === "never") return;
  queue.add(downloaderJob, {}, { runAt: now() + (tools.ytDlp ? soonMs : 0) });
}

/** Gets yt-dlp where it is missing or so old that it is likely broken. Runs under way keep theirs. */
export async function keepDownloaderNow(deps: Needs): Promise<void> {
  const { config, log, now, tools } = deps;
  const version = tools.ytDlp && (await toolVersions(tools, dataFolder.work(config.data.dir))).ytDlp;
  const age = version ? versionAgeDays(version, now()) : null;
  if (version === null || (age !== null && age > staleAfterDays)) {
    try {
      const installed = await installYtDlp({ dataDir: config.data.dir });
      tools.ytDlp = [installed.path];
      log.info({ version: installed.version }, "yt-dlp was updated");
    } catch (error) {
      if (!isAppError(error)) throw error;
      log.warn({ version, reason: error.message }, "yt-dlp is missing or old, and could not be updated");
    }
  }
  throw new Snooze(dayMs);
}
