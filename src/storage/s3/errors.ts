import { AppError, isAppError } from "../../lib/errors.ts";
import { Unanswered } from "./client.ts";

/** Waits for a step and turns what the store answers into errors for people. */
export async function onS3<T>(step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    throw s3Error(error);
  }
}

/** What the SDK throws about an answer carries it along; the rest is a mistake of ours and stays what it is. */
export function s3Error(error: unknown): unknown {
  if (isAppError(error) || !(error instanceof Error)) return error;
  if (error instanceof Unanswered)
    return unreachable(error, "Check that the S3 server runs and can be reached.");
  if (error.name === "CredentialsProviderError") return unreachable(error, hints.keys);
  const status = statusOf(error);
  if (status === null) return error;
  if (status === 507 || fullCodes.has(error.name)) {
    return new AppError("storage_full", "The storage is full.", {
      hint: "Delete something, or give the bucket more space.",
      cause: error,
    });
  }
  if (error.name === "NoSuchBucket") return unreachable(error, hints.bucket);
  if (error.name === "RequestTimeTooSkewed") return unreachable(error, hints.clock);
  if (status === 404 && error.name !== "NoSuchUpload") return notFound(error);
  if (status === 416) return new RangeError("that range is not in the object", { cause: error });
  if (status === 401 || status === 403) return unreachable(error, hints.keys);
  return unreachable(error, hints.other);
}

export function unreachable(cause: unknown, hint = hints.other): AppError {
  return new AppError("storage_unreachable", "The storage can't be used right now.", { hint, cause });
}

const hints = {
  keys: "The S3 server refuses our access key: check it, and what it is allowed to do.",
  bucket: "The bucket is not there: make it, or correct its name in the configuration.",
  clock: "The clocks of this machine and of the S3 server differ too much.",
  other: "The S3 server gave no proper answer. Try again in a moment.",
};

// MinIO's names, and those of other servers with quotas.
const fullCodes = new Set([
  "XMinioStorageFull",
  "XMinioAdminBucketQuotaExceeded",
  "QuotaExceeded",
  "QuotaExceededException",
  "InsufficientStorage",
]);

/** HTTP status of the answer that an error of the SDK is about; 0 where there is an answer without one. */
function statusOf(error: Error): number | null {
  const { $metadata, $response } = error as {
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number };
  };
  if (!$metadata && !$response) return null;
  return $metadata?.httpStatusCode ?? $response?.statusCode ?? 0;
}

export function notFound(cause?: unknown): AppError {
  return new AppError("not_found", "There is no such file in the storage.", { cause });
}
