import { DeleteObjectCommand, HeadObjectCommand, NotFound, paginateListObjectsV2 } from "@aws-sdk/client-s3";
import { AppError, isAppError } from "../../lib/errors.ts";
import type { Incoming, IncomingObject } from "../incoming.ts";
import { connectBucket, Unanswered } from "./client.ts";
import type { Bucket } from "./client.ts";
import { onS3, unreachable } from "./errors.ts";
import type { S3Options } from "./options.ts";
import { fetchToFile } from "./fetch.ts";
import { requireScratch } from "./scratch.ts";

export const incomingPrefix = "incoming/";

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string | undefined;
}

/** `Incoming` once it is connected; `openIncoming` is its door. */
export interface IncomingBucket extends Omit<Incoming, "listen"> {
  /** As they are in force now; those of a machine's role change. */
  credentials(): Promise<Credentials>;
}

export function openIncomingBucket(options: S3Options): IncomingBucket {
  const bucket = connectBucket(options);
  return {
    list: () => listIncoming(bucket),
    fetch: (object, path, signal) => fetchObject(bucket, options.workRoot, object, { path, signal }),
    remove: (object) => onS3(removeObject(bucket, object)),
    canListen: () => onS3(isMinio(options)),
    async credentials() {
      const { accessKeyId, secretAccessKey, sessionToken } = await onS3(bucket.client.config.credentials());
      return { accessKeyId, secretAccessKey, sessionToken };
    },
  };
}

/** Keys of others hold characters that XML can't carry: asked for, they come as in a query. */
async function* listIncoming({ client, name }: Bucket): AsyncGenerator<IncomingObject> {
  const ask = { Bucket: name, Prefix: incomingPrefix, EncodingType: "url" } as const;
  const pages = paginateListObjectsV2({ client }, ask)[Symbol.asyncIterator]();
  for (let page = await onS3(pages.next()); !page.done; page = await onS3(pages.next())) {
    if (page.value.Name === undefined) throw unreachable(new Error("what came is no list of objects"));
    const { Contents = [], EncodingType } = page.value;
    for (const { Key = "", ETag = "", Size = 0, LastModified } of Contents) {
      const key = EncodingType === "url" ? decodeURIComponent(Key.replaceAll("+", " ")) : Key;
      yield { key, etag: ETag, sizeBytes: Size, modifiedAt: toSecond(LastModified) };
    }
  }
}

async function fetchObject(
  bucket: Bucket,
  workRoot: string,
  object: IncomingObject,
  to: { path: string; signal: AbortSignal },
): Promise<void> {
  await requireScratch(workRoot, object.sizeBytes);
  try {
    await fetchToFile(bucket, object, to.path, to.signal);
  } catch (error) {
    // That it was replaced is answered with 412, or, where conditions are not known, not at all.
    if (isAppError(error) && !(await onS3(isStill(bucket, object)))) throw isGone(error);
    throw error;
  }
  if (Bun.file(to.path).size !== object.sizeBytes) throw isGone(new Error("it is of another size by now"));
}

function isGone(cause: unknown): AppError {
  return new AppError("not_found", "It is not there any more.", { cause });
}

async function removeObject(bucket: Bucket, object: IncomingObject): Promise<void> {
  if (!(await isStill(bucket, object))) return;
  await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: object.key }));
}

async function isStill(
  { client, name }: Bucket,
  { key, etag, modifiedAt }: IncomingObject,
): Promise<boolean> {
  try {
    const { ETag, LastModified } = await client.send(new HeadObjectCommand({ Bucket: name, Key: key }));
    return ETag === etag && toSecond(LastModified) === modifiedAt;
  } catch (error) {
    if (error instanceof NotFound) return false;
    throw error;
  }
}

function toSecond(time = new Date(0)): number {
  return Math.floor(time.getTime() / 1000) * 1000;
}

const patienceMs = 10_000;

/** By what it alone has at this address, to which no login is needed. Elsewhere it is a file of some bucket "minio". */
async function isMinio({ endpoint, ca }: S3Options): Promise<boolean> {
  if (endpoint === "") return false;
  const tls = ca === undefined ? {} : { tls: { ca } };
  const signal = AbortSignal.timeout(patienceMs);
  try {
    const answer = await fetch(`${endpoint}/minio/health/live`, { ...tls, signal, redirect: "manual" });
    return answer.ok;
  } catch (cause) {
    throw new Unanswered("no answer", { cause });
  }
}
