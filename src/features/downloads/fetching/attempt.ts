import type { Deps } from "../../../deps.ts";
import { keepWorkFolder } from "../../../exec/work-folder.ts";
import { fetchVideo } from "../../../exec/ytdlp.ts";
import type { Fetched, FetchOptions } from "../../../exec/ytdlp.ts";
import { dataFolder } from "../../../lib/data-folder.ts";
import { formatBytes } from "../../../lib/bytes.ts";
import type { JobContext } from "../../../queue/job.ts";
import { dropCookies, takeCookies } from "../cookies/cookies.ts";
import { DownloadLogger } from "../logs/logs.ts";

type Needs = Pick<Deps, "config" | "db" | "egress" | "log" | "now" | "tools">;
type Options = Omit<FetchOptions, "folder" | "cookiesFile" | "onLogLine">;

/** One run of yt-dlp for a download: in its folder, with its site's cookies, and written down in its log. */
export async function fetchForDownload(
  deps: Needs,
  downloadId: string,
  { attempt }: Pick<JobContext, "attempt">,
  options: Options,
): Promise<Fetched> {
  const logger = new DownloadLogger(deps, downloadId);
  const folder = await keepWorkFolder(dataFolder.work(deps.config.data.dir), downloadId);
  const cookies = takeCookies(deps, options.url, folder);
  logger.hide(cookies?.secrets ?? []);
  const doing = options.resume ? "download" : "look at the page";
  logger.heading(`Attempt ${attempt} to ${doing}${cookies ? ", with cookies" : ""}`);
  try {
    const run = { ...options, folder, cookiesFile: cookies?.file, onLogLine: logger.line };
    const fetched = await fetchVideo(deps, run);
    if (fetched.file) logger.heading(`Downloaded ${formatBytes(fetched.file.sizeBytes)}`);
    logger.end();
    return fetched;
  } catch (error) {
    logger.end(error);
    throw error;
  } finally {
    dropCookies(cookies);
  }
}
