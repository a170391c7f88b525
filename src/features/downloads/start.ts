import { z } from "zod";
import type { User, Visibility } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import { currentPolicy } from "../../egress/reach.ts";
import { AppError } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import { parseInput } from "../../lib/parse-input.ts";
import { cleanText } from "../../lib/text.ts";
import { checkHost, checkUrl, parseNetworks } from "../../lib/url-policy.ts";
import { addPendingVideo, canAdd, parseTags } from "../videos/videos.ts";
import { itemsOf } from "./downloads.ts";
import type { DownloadItem } from "./item.ts";
import { probeJob } from "./jobs.ts";
import { insertDownload } from "./queries.ts";

const mostUrls = 100;

const startSchema = z.object({
  urls: z.union([z.string(), z.array(z.string())]).transform(urlLines),
  title: z
    .string()
    .transform((title) => cleanText(title, 300))
    .default(""),
  tags: z
    .union([z.string(), z.array(z.string())])
    .default([])
    .transform(parseTags),
  visibility: z.enum(["library", "private"], "Choose library or private.").optional(),
});

/** Takes URLs, one a line or as a list; nothing is started unless all of them can be. Newest last. */
export function startDownloads(
  deps: Pick<Deps, "db" | "queue" | "now" | "config" | "events">,
  user: User,
  input: unknown,
): DownloadItem[] {
  if (!canAdd(user)) throw mayNotAdd();
  const { urls, ...wishes } = parseInput(startSchema, input);
  const { title, tags, visibility = deps.config.downloads.visibility } = wishes;
  const checked = checkUrls(deps, urls);
  const ids = deps.db.transaction(() =>
    checked.map((url) => startDownload(deps, user, { url, title, tags, visibility, parentId: null })),
  );
  for (const id of ids) deps.events.emit("download.changed", { downloadId: id, userId: user.id });
  return itemsOf(deps, ids);
}

/** Inserts video, download and first job; joins the caller's transaction. Returns the download's id. */
export function startDownload(
  deps: Pick<Deps, "db" | "queue" | "now" | "config">,
  user: User,
  request: { url: URL; title: string; tags: string[]; visibility: Visibility; parentId: string | null },
): string {
  const { db, now } = deps;
  const { url, title, parentId } = request;
  const id = newId();
  const time = now();
  insertDownload(db, {
    id,
    userId: user.id,
    parentId,
    videoId: addPendingVideo({ db, now }, user, pendingVideo(url, request)),
    url: url.href,
    title: title || null,
    titleGiven: title !== "" && parentId === null,
    state: "waiting",
    lane: "short",
    createdAt: time,
    updatedAt: time,
  });
  queueProbe(deps, { id, userId: user.id });
  return id;
}

export function queueProbe(
  { queue, config }: Pick<Deps, "queue" | "config">,
  download: { id: string; userId: string },
): void {
  const deadlineMs = config.downloads.short_timeout_minutes * 60_000;
  queue.add(probeJob, { downloadId: download.id, deadlineMs }, { userId: download.userId });
}

export function mayNotAdd(): AppError {
  return new AppError("not_allowed", "Your account may watch, but not add videos.");
}

function urlLines(input: string | string[]): string[] {
  const lines = typeof input === "string" ? input.split(/\r?\n/) : input;
  return lines.map((line) => line.trim()).filter((line) => line !== "");
}

function checkUrls({ config }: Pick<Deps, "config">, lines: string[]): URL[] {
  if (lines.length === 0) {
    throw new AppError("not_a_url", "Paste a link first.", {
      field: "urls",
      hint: "Several links go one a line.",
    });
  }
  if (lines.length > mostUrls) {
    throw new AppError("too_large", `These are ${lines.length} links; ${mostUrls} go at once.`, {
      field: "urls",
    });
  }
  const policy = currentPolicy(parseNetworks(config.downloads.allow_networks));
  return lines.map((line) => {
    try {
      const url = checkUrl(line);
      checkHost(url, policy);
      return url;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const which = lines.length > 1 ? `${cleanText(line, 80)}: ` : "";
      throw new AppError(error.code, which + error.message, {
        hint: error.hint,
        field: "urls",
        cause: error,
      });
    }
  });
}

/** What is known of a video before the site was asked. */
export function pendingVideo(
  url: URL,
  wishes: { title: string | null; tags: string[]; visibility: Visibility },
) {
  return {
    ...wishes,
    title: wishes.title || cleanText(url.href, 300),
    sourceUrl: url.href,
    sourceSite: url.hostname.replace(/^www\./, ""),
  };
}
