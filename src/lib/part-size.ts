const mib = 1024 * 1024;
/** S3 takes 10,000 parts of an object at the most. */
const mostParts = 9_000;

/** Parts of whole MiB, few enough for the size. */
export function partBytesFor(sizeBytes: number, least: number): number {
  return Math.max(least, Math.ceil(sizeBytes / mostParts / mib) * mib);
}
