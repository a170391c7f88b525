import { AppError } from "../../lib/errors.ts";
import { cleanText } from "../../lib/text.ts";

/** What people call a file. It never becomes a path, and one with folders in it is no name. */
export function checkFilename(name: string): string {
  const clean = shortened(cleanText(name, 10_000));
  if (clean === "") {
    throw new AppError("invalid_input", "The file has no name.", {
      field: "filename",
      hint: "Give it one, e.g. holiday.mp4.",
    });
  }
  if (/[/\\]/.test(clean)) {
    throw new AppError("invalid_input", "A file's name has no folders in it.", {
      field: "filename",
      hint: "Send the name alone, e.g. holiday.mp4.",
    });
  }
  return clean;
}

/** At most 255 characters, its extension among them. */
function shortened(name: string): string {
  const [extension = ""] = /\.[a-z0-9]{1,5}$/i.exec(name) ?? [];
  return cleanText(name.slice(0, name.length - extension.length), 255 - extension.length) + extension;
}

/**
 * A title out of a file's name: without its extension, and with spaces between its words. Names that have
 * spaces already stay as they are; of those that cameras give the date is made readable.
 */
export function titleOf(filename: string): string {
  const stem = filename.replace(/(?<=.)\.[a-z0-9]{1,5}$/i, "").trim();
  // What browsers put behind the name of a second copy.
  const [, first = stem, copy] = /^(\S+) (\(\d+\))$/.exec(stem) ?? [];
  return [readable(first), copy].filter(Boolean).join(" ") || filename;
}

function readable(stem: string): string {
  if (/\s/.test(stem)) return stem;
  const [, date, time, rest] = camera.exec(stem) ?? [];
  if (date !== undefined && rest !== undefined) {
    const day = date.replace(/^(....)(..)(..)$/, "$1-$2-$3");
    const clock = time?.replace(/^(..)(..).*$/, "$1:$2");
    return [day, clock, spaced(rest)].filter(Boolean).join(" ");
  }
  return spaced(stem);
}

// VID_20240314_153012, PXL_20240314_153012345, IMG-20240314-WA0001, 20240314_153012, with whatever follows.
const camera =
  /^(?:(?:img|vid|pxl|mvimg|mov|dsc|signal|video)[_-])?((?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?:[_-](\d{6})\d{0,3})?(?![\da-z])(.*)$/i;

/** A hyphen parts words only where nothing else does; a dot between digits is a number's. */
function spaced(name: string): string {
  const parted = name.replaceAll("_", " ").replaceAll(/(?<!\d)\.|\.(?!\d)/g, " ");
  const words = parted.trim().includes(" ") ? parted : parted.replaceAll("-", " ");
  return words
    .replaceAll(/(^|\s)-+|-+(\s|$)/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
}

/** The extension that a file is kept under, by what is in it. */
export function extensionOf({ container, video }: { container: string; video: unknown }): string {
  const [withPicture = "bin", soundOnly = withPicture] = extensions[container] ?? [];
  return video === null ? soundOnly : withPicture;
}

const extensions: Record<string, [video: string, audio?: string]> = {
  mp4: ["mp4", "m4a"],
  mov: ["mov", "m4a"],
  webm: ["webm"],
  matroska: ["mkv", "mka"],
  avi: ["avi"],
  mpegts: ["ts"],
  mpeg: ["mpg"],
  flv: ["flv"],
  ogg: ["ogv", "ogg"],
  wav: ["wav"],
  mp3: ["mp3"],
  aac: ["aac"],
  flac: ["flac"],
  asf: ["wmv", "wma"],
  mxf: ["mxf"],
};

/** By its first 16 bytes: JPEG, PNG, GIF, WebP, AVIF or HEIC. */
export function isPicture(head: Uint8Array): boolean {
  const text = Buffer.from(head).toString("latin1");
  return pictures.some((kind) => kind.test(text));
}

const pictures = [
  /^\xff\xd8\xff/,
  /^\x89PNG\r\n/,
  /^GIF8[79]a/,
  /^RIFF[^]{4}WEBP/,
  /^[^]{4}ftyp(?:avif|avis|heic|heix|heim|hevc|mif1|msf1)/,
];
