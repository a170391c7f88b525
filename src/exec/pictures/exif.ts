import { bufferOf } from "./sight.ts";

const orientationTag = 0x0112;
const shortType = 3;

/**
 * The orientation, 1 to 8, that a block of EXIF says (TIFF 6.0: byte order, then the first directory); 1 where it says
 * none or is damaged. ffmpeg knows of it or not, by its version and the format: so it is told by us.
 */
export function readOrientation(exif: Uint8Array): number {
  try {
    const tiff = bufferOf(exif);
    const order = tiff.toString("latin1", 0, 2);
    if (order !== "II" && order !== "MM") return 1;
    const short = (at: number) => (order === "II" ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
    const long = (at: number) => (order === "II" ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
    const directory = long(4);
    for (let i = 0; i < short(directory); i++) {
      const entry = directory + 2 + 12 * i;
      if (short(entry) !== orientationTag || short(entry + 2) !== shortType) continue;
      const value = short(entry + 8);
      return value >= 1 && value <= 8 ? value : 1;
    }
    return 1;
  } catch (error) {
    if (error instanceof RangeError) return 1;
    throw error;
  }
}

/** ffmpeg's filters that show a picture of this orientation upright. */
export function uprightFilters(orientation: number): string[] {
  return filters[orientation] ?? [];
}

const filters: Record<number, string[]> = {
  2: ["hflip"],
  3: ["hflip", "vflip"],
  4: ["vflip"],
  5: ["transpose=cclock_flip"],
  6: ["transpose=clock"],
  7: ["transpose=clock_flip"],
  8: ["transpose=cclock"],
};
