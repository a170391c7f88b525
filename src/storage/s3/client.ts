import { S3Client } from "@aws-sdk/client-s3";
import { FetchHttpHandler } from "@smithy/fetch-http-handler";
import type { S3Options } from "./options.ts";

/** One bucket, and the clients that speak to it. */
export interface Bucket {
  name: string;
  client: S3Client;
  /** Signs addresses for browsers; never connects. */
  signer: S3Client;
  classes: S3Options["classes"];
}

/** A request that got no answer: the SDK tries it again, with back-off. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
  readonly $retryable = {};
}

export function connectBucket(options: S3Options): Bucket {
  const client = newClient(options, options.endpoint);
  const { publicEndpoint, endpoint } = options;
  const signer = publicEndpoint && publicEndpoint !== endpoint ? newClient(options, publicEndpoint) : client;
  return { name: options.bucket, client, signer, classes: options.classes };
}

function newClient(options: S3Options, endpoint: string): S3Client {
  const { accessKeyId, secretAccessKey } = options;
  return new S3Client({
    region: options.region,
    forcePathStyle: options.pathStyle,
    ...(endpoint ? { endpoint } : {}),
    ...(accessKeyId ? { credentials: { accessKeyId, secretAccessKey } } : {}),
    maxAttempts: 4,
    // Bytes are checked by us (verify.ts); the SDK would check whole objects only, and slowly.
    responseChecksumValidation: "WHEN_REQUIRED",
    // Fetch hands bodies on without a copy, and with backpressure.
    requestHandler: new FetchHttpHandler({ keepAlive: true, customFetch: patientFetch(options) }),
  });
}

/** Fetch that waits for an answer only so long, and says apart "no answer" from all that is a mistake of ours. */
function patientFetch({ ca, patienceMs = usualPatienceMs() }: S3Options): typeof fetch {
  const tls = ca === undefined ? {} : { tls: { ca } };
  const fetchWithin = async (input: unknown) => {
    const request = input as Request;
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), patienceMs * slowness(request));
    const signal = AbortSignal.any([request.signal, patience.signal]);
    try {
      // A redirect would lose the signature; the SDK makes an error of it.
      return await fetch(request, { ...tls, signal, redirect: "manual" });
    } catch (error) {
      if (request.signal.aborted) throw error;
      throw new Unanswered(patience.signal.aborted ? "no answer in time" : "no answer", { cause: error });
    } finally {
      clearTimeout(timer);
    }
  };
  return fetchWithin as typeof fetch;
}

/** Tests have less. */
const usualPatienceMs = () => Number(process.env.HOMEREEL_TEST_PATIENCE_MS ?? 10_000);

/** How many times longer than a read: writing takes as long as the bytes need at 64 KiB/s, and then some for storing them. */
function slowness(request: Request): number {
  if (request.method === "GET" || request.method === "HEAD") return 1;
  // How much is copied, the request doesn't say.
  if (request.headers.has("x-amz-copy-source")) return 120;
  return 6 + Number(request.headers.get("content-length") ?? 0) / (640 * 1024);
}
