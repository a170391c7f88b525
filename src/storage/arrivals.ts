import type { Config } from "../config.ts";

/** What came into the bucket in parts, all but the last of one size. */
export interface Arrival {
  key: string;
  sizeBytes: number;
  partBytes: number;
}

/** What the bucket has of an arrival. */
export interface ArrivedPart {
  /** From 1. */
  n: number;
  sizeBytes: number;
  etag: string;
  /** In base64; empty where the server keeps none. */
  crc32: string;
}

/** What may be sent as a part, and nothing else. */
export interface PartToCome {
  n: number;
  sizeBytes: number;
  /** CRC-32 in base64. */
  crc32: string;
}

export interface PartLink {
  url: string;
  /** To be sent as they are: they are signed too. */
  headers: Record<string, string>;
}

/**
 * Files that come into the bucket part by part from elsewhere, under keys of their own (`keys.arrival`), until they are a
 * video's. Failures are AppErrors, as those of `Storage`; `not_found` where the bucket knows nothing of this beginning
 * any more.
 */
export interface Arrivals {
  /** Resolves to the bucket's name for this beginning; what was begun before under this key is over. */
  begin(key: string): Promise<string>;
  /** Where a part goes by PUT. The bucket takes only what is of this size and has this checksum. */
  signPart(key: string, multipartId: string, part: PartToCome, expiresSeconds: number): Promise<PartLink>;
  /** Sends one that came through us. The server compares its checksum; sent again, it takes the place of the one before. */
  putPart(key: string, multipartId: string, n: number, bytes: Uint8Array): Promise<ArrivedPart>;
  /** All that the bucket has, in their order. */
  parts(key: string, multipartId: string): Promise<ArrivedPart[]>;
  /** Whether the parts are an object by now, of this size. */
  has(key: string, sizeBytes: number): Promise<boolean>;
  /** Makes an object of them. */
  complete(key: string, multipartId: string, parts: readonly ArrivedPart[]): Promise<void>;
  /** Fetches the object, which is of this size, as a new local file, and compares it with what the bucket keeps of it. */
  fetch(key: string, sizeBytes: number, path: string, signal: AbortSignal): Promise<void>;
  /** Makes it the object of another key as well, within the bucket, and compares that with a local file of the same bytes. */
  copy(arrival: Arrival, target: string, localPath: string): Promise<void>;
  /** Nothing of it stays, complete or not. */
  drop(key: string, multipartId: string | null): Promise<void>;
}

/** Whether new files go to a bucket that browsers reach. */
export function goDirectly({ storage, "storage.s3": s3 }: Config): boolean {
  return storage.driver === "s3" && !s3.proxy;
}
