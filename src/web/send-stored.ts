import type { StorageName } from "../db/schema.ts";
import type { Delivery, LinkOptions, Storage } from "../storage/storage.ts";
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
  // An address is signed for GET alone.
  if (delivery.way === "stream" || request.method === "HEAD") {
    return sendBytes(request, bytes, (range) => needs.storageOf(file.storage).read(file.key, range));
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
  return new Response(null, { status: 302, headers: { ...bytes.also, location, "cache-control": keep } });
}

/** The bucket answers with the type and name that we would have given. */
export function linkOptions(bytes: BytesToSend): Omit<LinkOptions, "expiresSeconds"> {
  const { "content-type": mime = "", "content-disposition": disposition } = describeBody(bytes);
  return { mime, disposition, cacheControl: bytes.cacheControl };
}
