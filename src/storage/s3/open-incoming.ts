import type { Config } from "../../config.ts";
import type { Incoming } from "../incoming.ts";
import { allS3Options } from "./configured.ts";
import type { IncomingBucket } from "./incoming.ts";

/** Null where new files go to the disk. Nothing connects, and no SDK is loaded, before it is used. */
export function openIncoming(config: Config): Incoming | null {
  if (config.storage.driver !== "s3") return null;
  let opened: Promise<IncomingBucket> | undefined;
  const options = allS3Options(config);
  const bucket = () =>
    (opened ??= import("./incoming.ts").then((module) => module.openIncomingBucket(options)));
  return {
    async *list() {
      yield* (await bucket()).list();
    },
    fetch: async (object, path, signal) => (await bucket()).fetch(object, path, signal),
    remove: async (object) => (await bucket()).remove(object),
    canListen: async () => (await bucket()).canListen(),
    async listen(bell, signal) {
      const credentials = await (await bucket()).credentials();
      const { listenToMinio } = await import("./minio-events.ts");
      await listenToMinio({ ...options, ...credentials }, bell, signal);
    },
  };
}
