import type { StorageClass } from "../../lib/storage-classes.ts";
import type { KeyKind } from "../keys.ts";

/** What a bucket's storage needs to know. Empty text means: not given. */
export interface S3Options {
  /** Scheme, host and port; empty means Amazon's own for the region. */
  endpoint: string;
  /** The same bucket's address as browsers reach it, where that is another one. */
  publicEndpoint: string;
  region: string;
  bucket: string;
  /** Empty means: as the AWS SDK finds them (environment, profile, role of the machine). */
  accessKeyId: string;
  secretAccessKey: string;
  /** `https://host/bucket/key` instead of `https://bucket.host/key`. */
  pathStyle: boolean;
  /** Browsers can't reach the bucket: everything goes through us. */
  proxy: boolean;
  /** How Amazon keeps each kind of file; empty means: as the bucket does. */
  classes?: Readonly<Record<KeyKind, StorageClass>>;
  /** Certificates to trust besides those of the system, as PEM. */
  ca?: string | undefined;
  /** Where copies lie while a program works on them. */
  workRoot: string;
  /** What is larger is stored in parts; at least 5 MiB, which S3 asks for. */
  partBytes?: number;
  /** How long a read may wait for its answer to begin. */
  patienceMs?: number;
}

/** The origin that presigned URLs lead to. */
export function bucketOrigin(
  options: Pick<S3Options, "endpoint" | "publicEndpoint" | "region" | "bucket" | "pathStyle">,
): string {
  const { endpoint, publicEndpoint, region, bucket, pathStyle } = options;
  const url = new URL(publicEndpoint || endpoint || `https://s3.${region}.amazonaws.com`);
  // A name with a dot fits no wildcard certificate, and an IP address takes no name before it: the SDK falls back too.
  const inPath =
    pathStyle || /^[\d.]+$|^\[/.test(url.hostname) || (bucket.includes(".") && url.protocol === "https:");
  return inPath ? url.origin : `${url.protocol}//${bucket}.${url.host}`;
}
