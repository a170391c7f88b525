import { GetObjectCommand } from "@aws-sdk/client-s3";
import type { Bucket } from "./client.ts";
import { Unanswered } from "./client.ts";
import { onS3, s3Error } from "./errors.ts";

const resumptions = 3;

/**
 * Bytes `start` to `end` (inclusive, cut at the end of the object), or all, as they are asked for. Where the
 * connection breaks it goes on from there; an object that was replaced meanwhile ends it with an error.
 */
export async function readObject(
  bucket: Bucket,
  key: string,
  range?: { start: number; end: number },
  onlyIfEtag?: string,
): Promise<ReadableStream<Uint8Array>> {
  const aborter = new AbortController();
  const get = (bytes: string | undefined, etag: string | undefined) =>
    getObject(bucket, { Key: key, Range: bytes, IfMatch: etag }, aborter.signal);

  const first = await onS3(get(range && `bytes=${range.start}-${range.end}`, onlyIfEtag));
  let { reader } = first;
  let position = range?.start ?? 0;
  const end = first.sizeBytes === undefined ? null : position + first.sizeBytes;
  let triesLeft = resumptions;

  /** The next bytes, or null at the end. */
  async function next(): Promise<Uint8Array | null> {
    try {
      return await readOn(reader, () => end === null || position === end);
    } catch (error) {
      if (aborter.signal.aborted || triesLeft === 0) throw error;
      triesLeft -= 1;
      const last = end === null ? (range?.end ?? "") : end - 1;
      ({ reader } = await get(`bytes=${position}-${last}`, first.etag));
      return next();
    }
  }

  const source = {
    async pull(controller: ReadableStreamDefaultController<Uint8Array>) {
      try {
        const chunk = await next();
        if (chunk === null) return controller.close();
        position += chunk.length;
        controller.enqueue(chunk);
      } catch (error) {
        controller.error(s3Error(error));
      }
    },
    // Without the abort the rest would still be fetched.
    cancel: () => aborter.abort(),
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

interface Ask {
  Key: string;
  Range: string | undefined;
  IfMatch: string | undefined;
}

async function getObject({ client, name }: Bucket, ask: Ask, abortSignal: AbortSignal) {
  const command = new GetObjectCommand({ Bucket: name, ...ask });
  const { Body, ContentLength, ETag } = await client.send(command, { abortSignal });
  // The fetch handler's bodies are web streams; the SDK's type is that of all its handlers.
  const body = Body as unknown as ReadableStream<Uint8Array>;
  return { reader: body.getReader(), sizeBytes: ContentLength, etag: ETag };
}

/** What comes next, null at the end; a connection that breaks before is an `Unanswered`. */
async function readOn(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  isEnd: () => boolean,
): Promise<Uint8Array | null> {
  const { done, value } = await reader.read().catch((cause: unknown) => {
    throw new Unanswered("the connection broke", { cause });
  });
  if (!done) return value;
  if (isEnd()) return null;
  throw new Unanswered("the answer ended too early");
}
