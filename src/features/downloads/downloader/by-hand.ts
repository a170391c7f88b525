import type { User } from "../../../db/schema.ts";
import type { Deps } from "../../../deps.ts";
import { readNotes, writeNotes } from "../../../exec/ytdlp/notes.ts";
import { linkOfYtDlp, rollBackYtDlp, versionBefore } from "../../../exec/ytdlp/program.ts";
import { AppError, isAppError } from "../../../lib/errors.ts";
import { requireMay } from "../../../lib/permissions.ts";
import { findByKey } from "../../../queue/store.ts";
import { noteAudit } from "../../accounts/accounts.ts";
import { askNewest, install, placesOf } from "./downloader.ts";
import type { DownloaderNeeds as Needs } from "./downloader.ts";
import { updateDownloaderJob } from "../jobs.ts";

// What admins do to yt-dlp by hand, and what they are shown of it.

/** As the configuration says: the pinned release, else the newest of the channel. It is done by a job. */
export function updateDownloader(
  deps: Needs & Pick<Deps, "db" | "from">,
  admin: Pick<User, "id" | "name" | "role">,
): void {
  requireMay(admin, "tools.manage");
  requireOwnCare(deps);
  const { yt_dlp_channel: channel, yt_dlp_version: pin } = deps.config.tools;
  deps.db.transaction(() => {
    deps.queue.add(updateDownloaderJob, {});
    noteAudit(deps, { action: "tools.update", actor: admin, detail: `yt-dlp, ${pin || channel}` });
  });
}

/** Says in the notes how it went: whoever asked for it reads them on the page. */
export async function updateDownloaderNow(deps: Needs): Promise<void> {
  const { log } = deps;
  try {
    const version = deps.config.tools.yt_dlp_version || (await askNewest(deps));
    await install(deps, version);
    noteOutcome(deps, { ok: true, says: `yt-dlp ${version} is in use.` });
  } catch (error) {
    if (!isAppError(error)) throw error;
    log.warn({ err: error }, "yt-dlp could not be updated");
    noteOutcome(deps, { ok: false, says: error.message, hint: error.hint });
  }
}

export function gaveUpUpdate(deps: Needs): void {
  const hint = "Try again; if it stays so, the log says more.";
  noteOutcome(deps, { ok: false, says: "yt-dlp could not be updated.", hint });
}

/** Goes back to the version before. `conflict` where there is none, or the configuration names a version. */
export async function rollBackDownloader(
  deps: Needs & Pick<Deps, "db" | "from">,
  admin: Pick<User, "id" | "name" | "role">,
): Promise<void> {
  requireMay(admin, "tools.manage");
  requireOwnCare(deps);
  const { yt_dlp_version: pin } = deps.config.tools;
  if (pin !== "") throw pinned(pin);
  const older = await rollBackYtDlp(placesOf(deps));
  if (!older) throw new AppError("conflict", "There is no yt-dlp to go back to.");
  deps.tools.ytDlp = [linkOfYtDlp(placesOf(deps))];
  noteAudit(deps, { action: "tools.roll_back", actor: admin, detail: `yt-dlp, to ${older.version}` });
  noteOutcome(deps, { ok: true, says: `yt-dlp ${older.version} is in use again.` });
}

/** How yt-dlp is looked after; what it is itself, `toolVersions` asks. */
export async function describeCare(deps: Needs & Pick<Deps, "db">) {
  const places = placesOf(deps);
  const { newest, last } = readNotes(places);
  const { yt_dlp_channel: channel, yt_dlp_version: pin, yt_dlp_updates: updates } = deps.config.tools;
  return {
    channel,
    updates,
    /** The release that the configuration stays at; null for none. */
    pin: pin === "" ? null : pin,
    from: originOf(deps),
    newest: newest?.channel === channel ? { version: newest.version, at: newest.at } : null,
    /** Where a roll-back would lead; null where it can't. */
    before: pin === "" && isOurs(deps) ? ((await versionBefore(places))?.version ?? null) : null,
    canUpdate: isOurs(deps),
    isUpdating: findByKey(deps.db, updateDownloaderJob.name, "yt-dlp") !== null,
    last,
  };
}

function originOf({ config, tools }: Needs): "data folder" | "system" | "setting" | null {
  if (tools.ytDlp === null) return null;
  if (config.tools.yt_dlp !== "") return "setting";
  return tools.ytDlp[0] === linkOfYtDlp({ dataDir: config.data.dir }) ? "data folder" : "system";
}

function noteOutcome(deps: Needs, outcome: { ok: boolean; says: string; hint?: string }): void {
  writeNotes(placesOf(deps), { last: { hint: "", ...outcome, at: deps.now() } });
}

/** Whether nobody named a program of their own. */
function isOurs({ config }: Needs): boolean {
  return config.tools.yt_dlp === "";
}

function requireOwnCare(deps: Needs): void {
  if (isOurs(deps)) return;
  throw new AppError("conflict", "The configuration names a yt-dlp of its own.", {
    hint: "Whoever set [tools] yt_dlp looks after it; without that setting Homereel does.",
  });
}

function pinned(version: string): AppError {
  return new AppError("conflict", `The configuration stays at yt-dlp ${version}.`, {
    hint: "Name another release in [tools] yt_dlp_version, or none.",
  });
}
