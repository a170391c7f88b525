import { bufferOf } from "./sight.ts";

// Those of screens and of the camera's colour spaces have some hundred bytes; what has more is a printer's tables.
const mostBytes = 16 * 1024;

/**
 * A colour profile that is worth keeping, or null: sRGB is what everybody takes for granted, and one for other
 * colours than red, green and blue does not fit what we make (ICC.1:2022, 7.2: the header, and "acsp" in it).
 */
export function usefulProfile(profile: Uint8Array): Uint8Array | null {
  const icc = bufferOf(profile);
  if (icc.length < 132 || icc.length > mostBytes || icc.readUInt32BE(0) !== icc.length) return null;
  if (icc.toString("latin1", 36, 40) !== "acsp" || icc.toString("latin1", 16, 20) !== "RGB ") return null;
  // The description is in Latin 1, or in UTF-16 in newer profiles.
  const text = icc.toString("latin1").replaceAll("\0", "");
  return text.includes("sRGB") ? null : profile;
}
