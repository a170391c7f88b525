import type { Deps } from "../../deps.ts";
import type { StoredFile, User } from "../../db/schema.ts";
import type { Delivery, LinkOptions } from "../../storage/storage.ts";
import { describeBody, sendBytes, sendFile } from "../../web/send-file.ts";
import type { BytesToSend } from "../../web/send-file.ts";
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
  return send(deps, request, file, bytes, secondsOf(part));
}

const knownDeliveries = new WeakMap<StoredFile, Delivery>();

export function deliveryOf({ storageOf }: Pick<Deps, "storageOf">, file: StoredFile): Delivery {
  const storage = storageOf(file.storage);
  let delivery = knownDeliveries.get(file);
  if (!delivery) knownDeliveries.set(file, (delivery = storage.delivery(file.key)));
  return delivery;
}

/** `linkSeconds`: how long an address of the bucket is good. */
export function send(
  deps: Pick<Deps, "storageOf">,
  request: Request,
  file: StoredFile,
  bytes: BytesToSend,
  linkSeconds: number,
): Answer {
  const delivery = deliveryOf(deps, file);
  if (delivery.way === "file") return sendFile(request, delivery.path, bytes);
  // An address is signed for GET alone.
  if (delivery.way === "stream" || request.method === "HEAD") {
    return sendBytes(request, bytes, (range) => deps.storageOf(file.storage).read(file.key, range));
  }
  return redirectTo(delivery.sign, bytes, linkSeconds);
}

async function redirectTo(
  sign: (options: LinkOptions) => Promise<string>,
  bytes: BytesToSend,
  linkSeconds: number,
): Promise<Response> {
  const location = await sign({ ...linkOptions(bytes), expiresSeconds: linkSeconds });
  // What a browser may keep it may also find again without asking us, while the address is good for long enough.
  const keep = bytes.cacheControl?.includes("immutable")
    ? `private, max-age=${Math.floor(linkSeconds / 2)}`
    : "private, no-store";
  return new Response(null, { status: 302, headers: { location, "cache-control": keep } });
}

/** The bucket answers with the type and name that we would have given. */
export function linkOptions(bytes: BytesToSend): Omit<LinkOptions, "expiresSeconds"> {
  const { "content-type": mime = "", "content-disposition": disposition } = describeBody(bytes);
  return { mime, disposition, cacheControl: bytes.cacheControl };
}
