import type { Deps } from "../../deps.ts";
import type { User } from "../../db/schema.ts";
import { sendStored } from "../../web/send-stored.ts";
import { getPart, secondsOf } from "./parts.ts";
import type { Part } from "./parts.ts";

type Needs = Pick<Deps, "db" | "storageOf">;
type Answer = Response | Promise<Response>;

/** What a player plays: the playable rendition, else the original. Ranges and conditions as asked for. */
export function sendStream(deps: Needs, user: User, request: Request, id: string): Answer {
  return sendPart(deps, user, request, id, "stream");
}

/** A part of a video, to somebody who may watch it. */
export function sendPart(deps: Needs, user: User, request: Request, id: string, part: Part): Answer {
  const { file, bytes } = getPart(deps, user, id, part);
  return sendStored(deps, request, file, bytes, secondsOf(part));
}
