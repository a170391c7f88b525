import { checkKey } from "./keys.ts";
import type { BucketStorage } from "./s3/bucket.ts";
import type { S3Options } from "./s3/options.ts";
import type { Storage } from "./storage.ts";

/**
 * Objects of one bucket of Amazon S3, MinIO, or another server that speaks S3. Nothing connects before it is needed,
 * and only then is the SDK loaded, which takes 30 MB of memory and a fifth of a second.
 */
export function openS3Storage(options: S3Options): Storage {
  let opened: Promise<BucketStorage> | undefined;
  const bucket = () => (opened ??= import("./s3/bucket.ts").then((module) => module.openBucket(options)));

  return {
    name: "s3",
    putFile: async (key, localPath, how) => (await bucket()).putFile(key, localPath, how),
    put: async (key, body) => (await bucket()).put(key, body),
    find: async (key) => (await bucket()).find(key),
    read: async (key, range) => (await bucket()).read(key, range),
    delete: async (key) => (await bucket()).delete(key),
    async *list(prefix) {
      yield* (await bucket()).list(prefix);
    },
    withLocalFile: async (key, use) => (await bucket()).withLocalFile(key, use),
    check: async (signal) => (await bucket()).check(signal),
    // S3 has no call for it.
    freeBytes: () => Promise.resolve(null),
    delivery(key) {
      checkKey(key);
      if (options.proxy) return { way: "stream" };
      return { way: "link", sign: async (link) => (await bucket()).sign(key, link) };
    },
  };
}
