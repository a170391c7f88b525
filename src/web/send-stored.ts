import type { StorageName } from "../db/schema.ts";
import type { Delivery, LinkOptions, Storage } from "../storage/storage.ts";
import { ifRangeHolds } from "../lib/etag.ts";
import { describeBody, sendBytes, sendFile } from "./send-file.ts";
import type { BytesToSend } from "./send-file.ts";

/** A row that says where bytes are. */
export interface Stored {
  storage: StorageName;
  key: string;
}

interface Needs {
  storageOf(name: StorageName): Storage;
}

const knownDeliveries = new WeakMap<Stored, Delivery>();

export function deliveryOf({ storageOf }: Needs, file: Stored): Delivery {
  const storage = storageOf(file.storage);
  let delivery = knownDeliveries.get(file);
  if (!delivery) knownDeliveries.set(file, (delivery = storage.delivery(file.key)));
  return delivery;
}

/** Answers with stored bytes, wherever they are; `linkSeconds`: how long an address of the bucket is good. */
export function sendStored(
  needs: Needs,
  request: Request,
  file: Stored,
  bytes: BytesToSend,
  linkSeconds: number,
): Response | Promise<Response> {
  const delivery = deliveryOf(needs, file);
  if (delivery.way === "file") return sendFile(request, delivery.path, bytes);
  const storage = needs.storageOf(file.storage);
  const sendThrough = () => sendBytes(request, bytes, (range) => storage.read(file.key, range));
  // An address is signed for GET alone.
  if (delivery.way === "stream" || request.method === "HEAD") return sendThrough();
  const redirect = () => redirectTo(delivery.sign, bytes, linkSeconds);
  if (!request.headers.has("if-range")) return redirect();
  return isPartOf(storage, file, request, bytes).then((isSame) => (isSame ? redirect() : sendThrough()));
}

/**
 * Whether what somebody goes on with is a part of these bytes, by what the bucket said of them or by what we say. MinIO
 * knows no If-Range and sends the end of whatever is there; and as a client asks for its range again wherever it is
 * redirected to, only we can send the whole instead.
 */
async function isPartOf(
  storage: Storage,
  { key }: Stored,
  { headers }: Request,
  { etag, modifiedAt }: BytesToSend,
): Promise<boolean> {
  const ifRange = headers.get("if-range");
  if (ifRangeHolds(ifRange, etag, modifiedAt)) return true;
  const found = await storage.find(key);
  return found?.etag !== undefined && ifRangeHolds(ifRange, found.etag, found.modifiedAt.getTime());
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
  return new Response(null, { status: 302, headers: { ...bytes.also, location, "cache-control": keep } });
}

/** The bucket answers with the type and name that we would have given. */
export function linkOptions(bytes: BytesToSend): Omit<LinkOptions, "expiresSeconds"> {
  const { "content-type": mime = "", "content-disposition": disposition } = describeBody(bytes);
  return { mime, disposition, cacheControl: bytes.cacheControl };
}
