import { GetObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { Bucket } from "./client.ts";
import { presign } from "./presign.ts";
import type { SignedBy, SignedRequest } from "./presign.ts";
import type { LinkOptions } from "../storage.ts";

/**
 * Presigned URLs of a bucket. Unless they are to end at a certain time: asked again within a quarter of its life, the URL
 * is the same one, so that browsers know what they got by it.
 */
export function linkSigner(bucket: Bucket): (key: string, options: LinkOptions) => Promise<string> {
  const sign = addressSigner(bucket);
  return (key, options) => {
    const { expiresSeconds, signedAt } = options;
    const date = signedAt === undefined ? beginOfQuarter(expiresSeconds) : new Date(signedAt);
    return sign(key, answerHeaders(options), { date, expiresSeconds });
  };
}

type Life = Pick<SignedBy, "date" | "expiresSeconds">;
type SignAddress = (
  key: string,
  query: Record<string, string | undefined>,
  life: Life,
  request?: SignedRequest,
) => Promise<string>;

/**
 * Signs any request about an object. The SDK takes more than half a millisecond to sign, and a page of pictures has many: it
 * says once how the bucket is addressed, and we sign.
 */
export function addressSigner(bucket: Bucket): SignAddress {
  let found: Promise<string> | undefined;
  const address = () => {
    // A failure, e.g. of the machine's role, is not for ever.
    found ??= addressOf(bucket).catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  };
  return async (key, query, life, request) => {
    const { credentials, region } = bucket.signer.config;
    const by = { ...life, key: await credentials(), region: await region() };
    return presign((await address()) + key, query, by, request);
  };
}

/** What stands before the key. Which bucket has a host of its own goes by rules that the SDK knows. */
async function addressOf({ signer, name }: Bucket): Promise<string> {
  const key = "k";
  const { origin, pathname } = new URL(
    await getSignedUrl(signer, new GetObjectCommand({ Bucket: name, Key: key })),
  );
  return origin + pathname.slice(0, -key.length);
}

/** Amazon S3 API, GetObject: request parameters that set headers of the answer. */
function answerHeaders({ mime, disposition, cacheControl }: LinkOptions): Record<string, string | undefined> {
  return {
    "response-content-type": mime,
    "response-content-disposition": disposition,
    "response-cache-control": cacheControl,
  };
}

function beginOfQuarter(expiresSeconds: number): Date {
  const stepMs = (expiresSeconds * 1000) / 4;
  return new Date(Math.floor(Date.now() / stepMs) * stepMs);
}
