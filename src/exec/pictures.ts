import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../lib/errors.ts";
import { semaphore } from "../lib/semaphore.ts";
import { explainFfmpeg } from "./ffmpeg.ts";
import { coverArgs, planPrints, printArgs } from "./pictures/args.ts";
import type { Print } from "./pictures/args.ts";
import { withJpegProfile } from "./pictures/jpeg.ts";
import { brokenPicture, lookAtPicture } from "./pictures/look.ts";
import type { PictureLimits } from "./pictures/look.ts";
import type { Sight } from "./pictures/sight.ts";
import { sightWebp, withWebpProfile } from "./pictures/webp.ts";
import { run, RunError } from "./run.ts";
import type { Tools } from "./tools.ts";

export interface MadePicture {
  /** A file in the folder that was given. */
  path: string;
  mime: string;
  /** Without its dot. */
  extension: string;
  width: number;
  height: number;
  sizeBytes: number;
}

export interface PictureOptions extends PictureLimits {
  /** Of WebP, 1 to 100. */
  quality: number;
  /** Of the smaller ones for pages, in pixels. */
  widths: readonly number[];
  signal?: AbortSignal;
}

const deadlineMs = 120_000;
/** Each may take some hundred megabytes while it works. */
const oneByOne = semaphore(1, { seats: 20, whenFull: tooBusy });

/**
 * What is kept of a picture that a stranger sent: upright, without anything that is not picture, as WebP or, where
 * that is smaller, in its own format; and the smaller ones for pages. Throws `not_a_picture`, `too_large`,
 * `took_too_long`, `tool_missing`, `storage_full`, and `cancelled` where the signal was aborted.
 */
export function makePictures(
  tools: { tools: Tools },
  path: string,
  folder: string,
  options: PictureOptions,
): Promise<{ image: MadePicture; smaller: MadePicture[] }> {
  return oneByOne(async () => {
    if (options.signal?.aborted) throw nobodyWaits();
    const sight = lookAtPicture(await readFile(path), options);
    const [first, ...rest] = planPrints(sight, movesInWebp(sight) ? [] : options.widths);
    const source = await layOut(sight, folder);
    await runFfmpeg(
      tools,
      printArgs(source, sight, [first, ...rest], options.quality),
      folder,
      options.signal,
    );
    const image = await develop(sight, folder, first);
    const smaller: MadePicture[] = [];
    for (const print of rest) smaller.push(await develop(sight, folder, print));
    return { image: await smallerOf(sight, image, folder), smaller };
  });
}

/** A JPEG of 1280×720 for a video, in the same way. */
export function makeCover(
  tools: { tools: Tools },
  path: string,
  folder: string,
  options: PictureLimits & { signal?: AbortSignal },
): Promise<MadePicture> {
  return oneByOne(async () => {
    if (options.signal?.aborted) throw nobodyWaits();
    const sight = lookAtPicture(await readFile(path), options);
    const target = join(folder, "cover.jpg");
    await runFfmpeg(
      tools,
      coverArgs(await layOut(sight, folder), sight, "cover.jpg"),
      folder,
      options.signal,
    );
    const jpeg = await readMade(target);
    if (sight.profile) await writeFile(target, withJpegProfile(jpeg, sight.profile));
    const { size: sizeBytes } = await stat(target);
    return { path: target, mime: "image/jpeg", extension: "jpg", width: 1280, height: 720, sizeBytes };
  });
}

/** The decoder's own file, of what it may see. */
async function layOut(sight: Sight, folder: string): Promise<string> {
  await writeFile(join(folder, "coded"), sight.coded);
  return "coded";
}

/** ffmpeg does not read those: they are kept as they move, and a print of the first frame shows that they can be read. */
function movesInWebp({ kind, frames }: Sight): boolean {
  return kind === "webp" && frames > 1;
}

async function runFfmpeg(
  { tools }: { tools: Tools },
  args: readonly string[],
  cwd: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await run({ argv: [tools.ffmpeg, ...args], cwd, signal, deadlineMs });
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    throw explainPicture(error);
  }
}

function explainPicture(error: RunError): unknown {
  const { reason, stderrTail } = error;
  if (reason === "aborted") return nobodyWaits(error);
  if (reason === "deadline") return tookTooLong(error);
  if (reason !== "exit" || stderrTail.includes("No space left on device")) return explainFfmpeg(error);
  return lacksPart.test(stderrTail) ? partMissing(error) : brokenPicture(error);
}

/** As an ffmpeg says it that was built without this format. */
const lacksPart =
  /Unknown encoder|Unknown input format|Encoder not found|Decoder \(codec [^)]*\) not found|no decoder found/i;

/** What came out, looked at as what came in was: ffmpeg ends well where it found nothing to decode. */
async function develop(sight: Sight, folder: string, print: Print): Promise<MadePicture> {
  const path = join(folder, print.file);
  const made = await readMade(path);
  const { width, height } = sightWebp(made);
  if (width !== print.width || height !== print.height) throw brokenPicture();
  const bytes = sight.profile ? withWebpProfile(made, sight.profile) : made;
  if (sight.profile) await writeFile(path, bytes);
  return { path, mime: "image/webp", extension: "webp", width, height, sizeBytes: bytes.length };
}

async function readMade(path: string): Promise<Uint8Array> {
  const made = await readFile(path).catch(() => null);
  if (!made || made.length === 0) throw brokenPicture();
  return made;
}

/** Its own format wins where it is no larger, shows the same, and no program has to turn it. */
async function smallerOf(sight: Sight, image: MadePicture, folder: string): Promise<MadePicture> {
  const { clean, kind, orientation, width, height } = sight;
  const isSame = orientation === 1 && width === image.width && height === image.height;
  if (!clean || (!movesInWebp(sight) && (!isSame || clean.length > image.sizeBytes))) return image;
  const extension = kind === "jpeg" ? "jpg" : kind;
  const path = join(folder, `clean.${extension}`);
  await writeFile(path, clean);
  return { path, mime: `image/${kind}`, extension, width, height, sizeBytes: clean.length };
}

function nobodyWaits(cause?: RunError): AppError {
  return new AppError("cancelled", "Nobody waits for this picture any more.", { cause });
}

function partMissing(cause: RunError): AppError {
  return new AppError("tool_missing", "The ffmpeg of this server does not know this kind of picture.", {
    hint: "Send it as a JPEG or PNG, or ask an admin for an ffmpeg with WebP, AV1 and HEVC.",
    cause,
  });
}

function tookTooLong(cause: RunError): AppError {
  return new AppError("took_too_long", "Making the picture ready took too long.", {
    hint: "Make it smaller, or shorter where it moves.",
    cause,
  });
}

function tooBusy(): AppError {
  return new AppError("unavailable", "Too many pictures are being made ready.", {
    hint: "Try again in a minute.",
    retryAfterSeconds: 60,
  });
}
