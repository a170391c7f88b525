import { GetObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { Bucket } from "./s3-client.ts";
import type { LinkOptions } from "./storage.ts";

const mostKept = 5_000;

/**
 * Presigned URLs (AWS Signature Version 4, query parameters). Unless they are to end at a certain time: asked again within a quarter of its life, the URL is the
 * same one: browsers know what they got by it, and we keep it, since the SDK takes more than half a millisecond to sign.
 */
export function linkSigner(bucket: Bucket): (key: string, options: LinkOptions) => Promise<string> {
  const kept = new Map<string, Promise<string>>();
  return (key, options) => {
    if (options.signedAt !== undefined) return sign(bucket, key, options, new Date(options.signedAt));
    const date = beginOfQuarter(options.expiresSeconds);
    const name = JSON.stringify([date, key, options]);
    const known = kept.get(name);
    if (known) return known;
    if (kept.size >= mostKept) kept.clear();
    const url = sign(bucket, key, options, date);
    kept.set(name, url);
    // A failure, e.g. of the machine's role, is not for ever.
    url.catch(() => kept.delete(name));
    return url;
  };
}

function sign({ signer, name }: Bucket, key: string, options: LinkOptions, date: Date): Promise<string> {
  const command = new GetObjectCommand({
    Bucket: name,
    Key: key,
    ResponseContentType: options.mime,
    ResponseContentDisposition: options.disposition,
    ResponseCacheControl: options.cacheControl,
  });
  return getSignedUrl(signer, command, { expiresIn: options.expiresSeconds, signingDate: date });
}

function beginOfQuarter(expiresSeconds: number): Date {
  const stepMs = (expiresSeconds * 1000) / 4;
  return new Date(Math.floor(Date.now() / stepMs) * stepMs);
}
