import { extname } from "node:path";
import type { Deps } from "../../deps.ts";
import type { StoredFile, User } from "../../db/schema.ts";
import { contentDisposition } from "../../lib/content-disposition.ts";
import type { LinkOptions } from "../../storage/storage.ts";
import { describeBody, sendBytes, sendFile } from "../../web/send-file.ts";
import type { BytesToSend } from "../../web/send-file.ts";
import { getFile } from "../videos/videos.ts";

type Needs = Pick<Deps, "db" | "storageOf">;
type Answer = Response | Promise<Response>;

const videoSeconds = 15 * 60;
const pictureSeconds = 60 * 60;

/** What a player plays: the playable rendition, else the original. Ranges and conditions as asked for. */
export function sendStream(deps: Needs, user: User, request: Request, id: string): Answer {
  return send(deps, request, getFile(deps, user, id, "playable"), { linkSeconds: videoSeconds });
}

/** The original, under a name that people can read. */
export function sendDownload(deps: Needs, user: User, request: Request, id: string): Answer {
  const file = getFile(deps, user, id, "original");
  const name = `${file.title}${extname(file.key)}`;
  return send(deps, request, file, {
    disposition: contentDisposition("attachment", name),
    linkSeconds: videoSeconds,
  });
}

/** A thumbnail by its number, or the poster. Their URLs carry a version, so browsers may keep them. */
export function sendPicture(deps: Needs, user: User, request: Request, id: string, name: string): Answer {
  const file =
    name === "poster"
      ? getFile(deps, user, id, "poster")
      : getFile(deps, user, id, "thumbnail", /^[123]$/.test(name) ? Number(name) : 0);
  return send(deps, request, file, {
    cacheControl: "private, max-age=31536000, immutable",
    linkSeconds: pictureSeconds,
  });
}

interface SendOptions {
  disposition?: string;
  cacheControl?: string;
  /** How long an address of the bucket is good. */
  linkSeconds: number;
}

function send(
  { storageOf }: Pick<Deps, "storageOf">,
  request: Request,
  file: StoredFile,
  { linkSeconds, ...options }: SendOptions,
): Answer {
  const storage = storageOf(file.storage);
  const delivery = storage.delivery(file.key);
  const bytes = {
    sizeBytes: file.sizeBytes,
    etag: `"${file.sha256}"`,
    modifiedAt: file.createdAt,
    mime: file.mime,
    ...options,
  };
  if (delivery.way === "file") return sendFile(request, { path: delivery.path, ...bytes });
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
  const keep = cacheControl ? `private, max-age=${linkSeconds / 2}` : "private, no-store";
  return new Response(null, { status: 302, headers: { location, "cache-control": keep } });
}
