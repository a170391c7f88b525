import type { Deps } from "../../deps.ts";
import type { User, Video } from "../../db/schema.ts";
import { AppError } from "../../lib/errors.ts";
import { sendStored } from "../../web/send-stored.ts";
import { getPart, secondsOf } from "./parts.ts";
import type { Part } from "./parts.ts";

type Needs = Pick<Deps, "config" | "db" | "storageOf">;
type Answer = Response | Promise<Response>;

/** What a player plays: the playable rendition, else the original. Ranges and conditions as asked for. */
export function sendStream(deps: Needs, user: User, request: Request, id: string): Answer {
  return sendPart(deps, user, request, id, "stream");
}

/** A part of a video, to somebody who may watch it. */
export function sendPart(deps: Needs, user: User, request: Request, id: string, part: Part): Answer {
  const { file, video, bytes } = getPart(deps, user, id, part);
  if (part === "stream") requireMeant(request.url, video);
  return sendStored(deps, request, file, bytes, secondsOf(part));
}

const versionMark = "?v=";

/**
 * Our pages say which file they play: where another has taken its place, a player must not go on in the middle of that
 * one. What names none gets the newest.
 */
function requireMeant(url: string, { sha256 }: Video): void {
  const at = url.indexOf(versionMark);
  if (at < 0 || sha256?.startsWith(url.slice(at + versionMark.length))) return;
  throw new AppError("not_found", "Another file has taken the place of this one.", {
    hint: "Load the page again.",
  });
}
