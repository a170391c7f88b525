import { z } from "zod";
import type { User, Visibility } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import type { DownloadOptions } from "../../lib/download-options.ts";
import { optionsSchema } from "../../lib/download-options.ts";
import { AppError } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import { formatNumbers, parseNumbers } from "../../lib/number-ranges.ts";
import { parseInput } from "../../lib/parse-input.ts";
import { cleanText } from "../../lib/text.ts";
import { requireRoom } from "../../storage/free-space.ts";
import { addPendingVideo, canAdd, parseTags } from "../videos/videos.ts";
import { itemsOf } from "./downloads.ts";
import { checkUrls, urlLines } from "./adding/links.ts";
import type { DownloadItem } from "./item.ts";
import { probeJob } from "./jobs.ts";
import { siteOf } from "./fetching/plan.ts";
import { chosenOptions } from "./profiles/profiles.ts";
import { insertDownload } from "./queries.ts";

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
  /** Those of `profile`, else of the person's own default, unless said. */
  options: optionsSchema.optional(),
  profile: z.string().optional(),
  force_long: z.boolean().default(false),
  /** Of one playlist: "1-20,33"; "" is as the link says. */
  items: z
    .string()
    .transform((text) => (text.trim() === "" ? null : formatNumbers(parseNumbers(text))))
    .nullable()
    .default(null),
});

/** What is wanted of a download. */
interface Wishes {
  title: string;
  tags: string[];
  visibility: Visibility;
  options: DownloadOptions;
  forceLong: boolean;
}

/** Takes URLs, one a line or as a list; nothing is started unless all of them can be. Newest last. */
export function startDownloads(
  deps: Pick<Deps, "db" | "queue" | "now" | "config" | "events">,
  user: User,
  input: unknown,
): DownloadItem[] {
  if (!canAdd(user)) throw mayNotAdd();
  requireRoom(deps, null);
  const { urls, title, tags, items, ...said } = parseInput(startSchema, input);
  const checked = checkUrls(deps, urls);
  const wishes: Wishes = {
    title,
    tags,
    visibility: said.visibility ?? deps.config.downloads.visibility,
    options: said.options ?? chosenOptions(deps, user, said.profile),
    forceLong: said.force_long,
  };
  if (items !== null && checked.length > 1) {
    throw new AppError("invalid_input", "Videos can be chosen of one playlist at a time.", {
      field: "items",
    });
  }
  const ids = deps.db.transaction(() =>
    checked.map((url) => startDownload(deps, user, { ...wishes, url, items, parentId: null })),
  );
  for (const id of ids) deps.events.emit("download.changed", { downloadId: id, userId: user.id });
  return itemsOf(deps, ids);
}

/** Inserts video, download and first job; joins the caller's transaction. Returns the download's id. */
export function startDownload(
  deps: Pick<Deps, "db" | "queue" | "now" | "config">,
  user: User,
  request: Wishes & { url: URL; items: string | null; parentId: string | null },
): string {
  const { db, now } = deps;
  const { url, title, tags, visibility, parentId, options, forceLong, items } = request;
  const id = newId();
  const time = now();
  const download = {
    id,
    userId: user.id,
    parentId,
    videoId: addPendingVideo({ db, now }, user, pendingVideo(url, { title, tags, visibility })),
    url: url.href,
    title: title || null,
    titleGiven: title !== "" && parentId === null,
    state: "waiting" as const,
    lane: "short" as const,
    options,
    forceLong,
    items,
    site: siteOf(url),
    createdAt: time,
    updatedAt: time,
  };
  insertDownload(db, download);
  queueProbe(deps, download);
  return id;
}

export function queueProbe(
  { queue, config }: Pick<Deps, "queue" | "config">,
  download: { id: string; userId: string; site: string; priority?: number },
): void {
  const deadlineMs = config.downloads.short_timeout_minutes * 60_000;
  const line = { userId: download.userId, groupKey: download.site, priority: download.priority };
  queue.add(probeJob, { downloadId: download.id, deadlineMs }, line);
}

export function mayNotAdd(): AppError {
  return new AppError("not_allowed", "Your account may watch, but not add videos.");
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
    sourceSite: siteOf(url),
  };
}
