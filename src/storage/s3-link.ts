import { GetObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import type { Bucket } from "./s3-client.ts";
import type { LinkOptions } from "./storage.ts";

/** A presigned URL (AWS Signature Version 4, query parameters). Asked again soon, it is the same one: browsers keep what they got by it. */
export function signLink({ signer, name }: Bucket, key: string, options: LinkOptions): Promise<string> {
  const { expiresSeconds, mime, disposition, cacheControl } = options;
  const command = new GetObjectCommand({
    Bucket: name,
    Key: key,
    ResponseContentType: mime,
    ResponseContentDisposition: disposition,
    ResponseCacheControl: cacheControl,
  });
  return getSignedUrl(signer, command, {
    expiresIn: expiresSeconds,
    signingDate: signingDate(expiresSeconds),
  });
}

/** The beginning of the present quarter of its life. */
function signingDate(expiresSeconds: number): Date {
  const stepMs = (expiresSeconds * 1000) / 4;
  return new Date(Math.floor(Date.now() / stepMs) * stepMs);
}
