import type { User } from "../../db/schema.ts";
import { withReserve } from "../../db/reserve.ts";
import type { Deps } from "../../deps.ts";
import { AppError } from "../../lib/errors.ts";
import { may } from "../../lib/permissions.ts";
import { deleteAccount, findUserById, getUser, requireAnotherAdmin } from "../accounts/accounts.ts";
import { discardDownloadsOf, handOverDownloads } from "../downloads/downloads.ts";
import { countImagesOf, discardImagesOf, handOverImages } from "../images/images.ts";
import { discardUploadsOf } from "../uploads/uploads.ts";
import { countVideosOf, discardVideosOf, handOverVideos } from "../videos/videos.ts";

// What calls may do to accounts, invitations and programs, beside what is here.
export {
  changeAccount,
  createInvite,
  createResetLink,
  createUser,
  disableAccount,
  enableAccount,
  endAllSessions,
  getUser,
  listInvites,
  revokeInvite,
  setPassword,
} from "../accounts/accounts.ts";
export { rollBackDownloader, updateDownloader } from "../downloads/downloads.ts";
export { remakeAllPictures } from "../videos/videos.ts";
export type { Invite } from "../accounts/accounts.ts";
export { addCookies, deleteCookies, listCookies, testCookies } from "../downloads/downloads.ts";
export { listPeople } from "./people.ts";

type Needs = Pick<Deps, "config" | "db" | "events" | "from" | "now" | "queue">;

/** What becomes of the videos and pictures of somebody who goes: they are somebody else's (by id), or gone for good. */
export type Fate = { videos: "hand_over"; to: string } | { videos: "delete" };

/** As forms, calls and commands say it; null where nothing is said. */
export function parseFate(videos: string | undefined, to: string | undefined): Fate | null {
  if (!videos) return null;
  if (videos === "delete") return { videos };
  if (videos === "hand_over") return { videos, to: to ?? "" };
  throw new AppError("invalid_input", "Choose hand_over or delete.", { field: "videos" });
}

/** What was done, for the audit log, and how open pages hear of it after the commit. */
interface Settlement {
  detail: string;
  tell(): void;
}

/**
 * Deletes an account with all that hangs on it, or nothing. `conflict` where it is the last admin's, and where
 * there are videos and nobody said what becomes of them. `by` is null for the command line.
 */
export function deletePerson(
  deps: Needs,
  by: Pick<User, "id" | "name" | "role"> | null,
  id: string,
  fate: Fate | null,
): void {
  const settle = (): Settlement & { clearUploads(): void } =>
    deps.db.transaction(
      () => {
        const person = getUser(deps, id);
        requireAnotherAdmin(deps, person, "delete");
        const settled =
          fate?.videos === "hand_over" ? handOver(deps, person, fate.to) : discard(deps, person, fate);
        const clearUploads = discardUploadsOf(deps, id);
        deleteAccount(deps, by, id, settled.detail);
        return { ...settled, clearUploads };
      },
      // The command line does it beside a server that writes as well.
      { behavior: "immediate" },
    );
  const { tell, clearUploads } =
    fate?.videos === "delete" ? withReserve(deps.config.data.dir, settle) : settle();
  tell();
  clearUploads();
}

function handOver(deps: Needs, person: User, to: string): Settlement {
  const heir = requireHeir(deps, person, to);
  const videos = handOverVideos(deps, person.id, heir.id);
  const pictures = handOverImages(deps, person.id, heir.id);
  const downloads = handOverDownloads(deps, person.id, heir.id);
  return {
    detail: videos + pictures > 0 ? `${countOf(videos, pictures)} handed over to ${heir.email}` : "",
    tell: () => tellQueues(deps, heir.id, downloads),
  };
}

function discard(deps: Needs, person: User, fate: Fate | null): Settlement {
  const count = countVideosOf(deps, [person.id]).get(person.id) ?? 0;
  const pictures = countImagesOf(deps, [person.id]).get(person.id) ?? 0;
  if (count + pictures > 0 && fate === null) throw undecided(person, countOf(count, pictures));
  const downloads = discardDownloadsOf(deps, person.id);
  const videos = discardVideosOf(deps, person.id);
  discardImagesOf(deps, person.id);
  return {
    detail: count + pictures > 0 ? `${countOf(count, pictures)} deleted` : "",
    tell() {
      for (const { id, visibility } of videos) {
        const wasPrivate = visibility === "private";
        deps.events.emit("video.deleted", { videoId: id, userId: person.id, wasPrivate });
      }
      tellQueues(deps, person.id, downloads);
    },
  };
}

/** Of admins too, who see everybody's. */
function tellQueues({ events }: Needs, userId: string, downloadIds: readonly string[]): void {
  for (const downloadId of downloadIds) events.emit("download.changed", { downloadId, userId });
}

function requireHeir(deps: Needs, person: User, to: string): User {
  const heir = to === person.id ? null : findUserById(deps.db, to);
  if (!heir) throw noHeir("Choose who gets the videos.");
  if (heir.disabledAt !== null) throw noHeir(`The account of ${heir.name} is disabled.`);
  if (!may(heir, "videos.change")) throw noHeir(`${heir.name} may watch only, and keep no videos.`);
  return heir;
}

function noHeir(message: string): AppError {
  return new AppError("invalid_input", message, {
    field: "to",
    hint: "It takes another user or admin whose account is not disabled.",
  });
}

function undecided({ name }: User, things: string): AppError {
  return new AppError("conflict", `${name} has ${things}.`, {
    field: "videos",
    hint: "Say what becomes of them: hand them over to somebody, or delete them.",
  });
}

function countOf(videos: number, pictures: number): string {
  const counts = [
    videos > 0 && (videos === 1 ? "1 video" : `${videos} videos`),
    pictures > 0 && (pictures === 1 ? "1 picture" : `${pictures} pictures`),
  ];
  return counts.filter(Boolean).join(" and ");
}
