import type { Config } from "../../config.ts";
import type { Arrivals } from "../arrivals.ts";
import { allS3Options } from "./configured.ts";

/**
 * Null where no bucket is named. With one, what is on its way there can go on, though new files may go to the disk by now.
 * Nothing connects, and no SDK is loaded, before it is used.
 */
export function openArrivals(config: Config): Arrivals | null {
  if (config["storage.s3"].bucket === "") return null;
  let opened: Promise<Arrivals> | undefined;
  const options = allS3Options(config);
  const bucket = () =>
    (opened ??= import("./arrivals.ts").then((module) => module.openArrivalsBucket(options)));
  return {
    begin: async (key) => (await bucket()).begin(key),
    signPart: async (key, id, part, seconds) => (await bucket()).signPart(key, id, part, seconds),
    putPart: async (key, id, n, bytes) => (await bucket()).putPart(key, id, n, bytes),
    parts: async (key, id) => (await bucket()).parts(key, id),
    has: async (key, size) => (await bucket()).has(key, size),
    complete: async (key, id, parts) => (await bucket()).complete(key, id, parts),
    fetch: async (key, size, path, signal) => (await bucket()).fetch(key, size, path, signal),
    copy: async (arrival, target, path) => (await bucket()).copy(arrival, target, path),
    drop: async (key, id) => (await bucket()).drop(key, id),
  };
}
