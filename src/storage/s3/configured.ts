import { readFileSync } from "node:fs";
import type { Config } from "../../config.ts";
import { dataFolder } from "../../lib/data-folder.ts";
import { AppError } from "../../lib/errors.ts";
import { ConfigError } from "../../lib/settings.ts";
import type { S3Options } from "./options.ts";
import { openS3Storage } from "../s3.ts";
import type { Storage } from "../storage.ts";

/**
 * Gives the storage in the configured bucket. Rows can point there whatever the driver is, and where no bucket is
 * named any more, they say so.
 */
export function openConfiguredS3(config: Config): () => Storage {
  if (config["storage.s3"].bucket === "") return notSetUp;
  const storage = openS3Storage(allS3Options(config));
  return () => storage;
}

export function allS3Options(config: Config): S3Options {
  return {
    ...s3Options(config),
    ca: readAuthority(config["storage.s3"].ca_file),
    workRoot: dataFolder.work(config.data.dir),
  };
}

/** The settings under the names that the storage knows them by. */
export function s3Options(config: Config): Omit<S3Options, "ca" | "workRoot"> {
  const s3 = config["storage.s3"];
  return {
    endpoint: s3.endpoint,
    publicEndpoint: s3.public_endpoint,
    region: s3.region,
    bucket: s3.bucket,
    accessKeyId: s3.access_key_id,
    secretAccessKey: s3.secret_access_key,
    pathStyle: s3.path_style,
    proxy: s3.proxy,
    classes: { original: s3.original_class, rendition: s3.rendition_class, picture: s3.picture_class },
  };
}

function readAuthority(path: string): string | undefined {
  if (path === "") return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw new ConfigError(`[storage.s3] ca_file names ${path}, which can't be read.`);
  }
}

function notSetUp(): never {
  throw new AppError("storage_unreachable", "This file is in a storage that is not set up.", {
    hint: "Its bucket has to be named in the configuration again.",
  });
}
