import { open } from "node:fs/promises";
import type { Deps } from "../../deps.ts";
import { measureDuration } from "../../exec/ffmpeg.ts";
import { probe } from "../../exec/ffprobe.ts";
import type { MediaInfo } from "../../exec/ffprobe.ts";
import { formatDuration } from "../../lib/durations.ts";
import { AppError, isAppError } from "../../lib/errors.ts";
import { extensionOf, isPicture } from "./upload-rules.ts";

type Needs = Pick<Deps, "config" | "tools">;

/**
 * Judges a file that has arrived by what is in it, whatever it is called. Returns the extension that it is kept
 * under; `not_a_video` or `too_long` for what may not stay.
 */
export async function admit(deps: Needs, path: string): Promise<string> {
  const info = await probeOrSay(deps, path);
  await requireShort(deps, path, info);
  return extensionOf(info);
}

/** These will not pass, of the file or of the video that it was to replace; all others may. */
export function isRefusal(error: unknown): error is AppError {
  const lasting = ["not_a_video", "too_long", "quota_exceeded", "not_found", "not_allowed", "conflict"];
  return isAppError(error) && lasting.includes(error.code);
}

async function probeOrSay(deps: Needs, path: string): Promise<MediaInfo> {
  try {
    return await probe(deps, path);
  } catch (error) {
    if (isRefusal(error) && isPicture(await firstBytes(path))) throw isNoVideoButPicture(error);
    throw error;
  }
}

/** Where the file doesn't say how long it is, that is measured. */
async function requireShort(deps: Needs, path: string, { durationSeconds }: MediaInfo): Promise<void> {
  const most = deps.config.uploads.max_duration_seconds;
  if (most === 0) return;
  const seconds = durationSeconds ?? (await measureDuration(deps, path)) ?? 0;
  if (seconds <= most) return;
  throw new AppError(
    "too_long",
    `The video is ${formatDuration(seconds)} long; ${formatDuration(most)} is the most that may be sent.`,
    { hint: "Send a shorter one, or ask an admin to allow more." },
  );
}

function isNoVideoButPicture(cause: AppError): AppError {
  return new AppError("not_a_video", "This is a picture, not a video.", {
    hint: "Pictures have a page of their own.",
    cause,
  });
}

async function firstBytes(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
