import { extname } from "node:path";
import type { Deps } from "../../deps.ts";
import type { StoredFile, User } from "../../db/schema.ts";
import { contentDisposition } from "../../lib/content-disposition.ts";
import type { Delivery, LinkOptions } from "../../storage/storage.ts";
import { describeBody, sendBytes, sendFile } from "../../web/send-file.ts";
import type { BytesToSend } from "../../web/send-file.ts";
import { getFile } from "../videos/videos.ts";

type Needs = Pick<Deps, "db" | "storageOf">;
type Answer = Response | Promise<Response>;

const videoSeconds = 15 * 60;
const pictureSeconds = 60 * 60;

/** What a player plays: the playable rendition, else the original. Ranges and conditions as asked for. */
export function sendStream(deps: Needs, user: User, request: Request, id: string): Answer {
  const { file } = getFile(deps, user, id, "playable");
  return send(deps, request, file, streamBytes(file), videoSeconds);
}

/** The original, under a name that people can read. */
export function sendDownload(deps: Needs, user: User, request: Request, id: string): Answer {
  const { file, title } = getFile(deps, user, id, "original");
  const disposition = contentDisposition("attachment", `${title}${extname(file.key)}`);
  return send(deps, request, file, { ...bytesOf(file), disposition }, videoSeconds);
}

/** A thumbnail by its number, or the poster. Their URLs carry a version, so browsers may keep them. */
export function sendPicture(deps: Needs, user: User, request: Request, id: string, name: string): Answer {
  const { file } =
    name === "poster"
      ? getFile(deps, user, id, "poster")
      : getFile(deps, user, id, "thumbnail", /^[123]$/.test(name) ? Number(name) : 0);
  const cacheControl = "private, max-age=31536000, immutable";
  return send(deps, request, file, { ...bytesOf(file), cacheControl }, pictureSeconds);
}

const knownStreams = new WeakMap<StoredFile, BytesToSend>();

/**
 * One object for all the ranges of a file: what sendFile works out of it is worked out once. `no-store`,
 * because what Chromium keeps it asks for in pieces with an end, which are never cut short.
 */
function streamBytes(file: StoredFile): BytesToSend {
  let bytes = knownStreams.get(file);
  if (!bytes) knownStreams.set(file, (bytes = { ...bytesOf(file), cacheControl: "private, no-store" }));
  return bytes;
}

function bytesOf({ sizeBytes, sha256, createdAt, mime }: StoredFile): BytesToSend {
  return { sizeBytes, etag: `"${sha256}"`, modifiedAt: createdAt, mime };
}

const knownDeliveries = new WeakMap<StoredFile, Delivery>();

/** `linkSeconds`: how long an address of the bucket is good. */
function send(
  { storageOf }: Pick<Deps, "storageOf">,
  request: Request,
  file: StoredFile,
  bytes: BytesToSend,
  linkSeconds: number,
): Answer {
  const storage = storageOf(file.storage);
  let delivery = knownDeliveries.get(file);
  if (!delivery) knownDeliveries.set(file, (delivery = storage.delivery(file.key)));
  if (delivery.way === "file") return sendFile(request, delivery.path, bytes);
  // An address is signed for GET alone.
  if (delivery.way === "stream" || request.method === "HEAD") {
    return sendBytes(request, bytes, (range) => storage.read(file.key, range));
  }
  return redirectTo(delivery.sign, bytes, linkSeconds);
}

/** The bucket answers with the type and name that we would have given. */
async function redirectTo(
  sign: (options: LinkOptions) => Promise<string>,
  bytes: BytesToSend,
  linkSeconds: number,
): Promise<Response> {
  const { "content-type": mime = "", "content-disposition": disposition } = describeBody(bytes);
  const { cacheControl } = bytes;
  const location = await sign({ expiresSeconds: linkSeconds, mime, disposition, cacheControl });
  // What a browser may keep it may also find again without asking us, while the address is good for long enough.
  const keep = cacheControl?.includes("immutable")
    ? `private, max-age=${linkSeconds / 2}`
    : "private, no-store";
  return new Response(null, { status: 302, headers: { location, "cache-control": keep } });
}
