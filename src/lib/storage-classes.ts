/** Amazon's names of how it keeps a file. Those from which nothing can be read at once are not among them. */
export const storageClasses = [
  "",
  "STANDARD",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER_IR",
  "REDUCED_REDUNDANCY",
] as const;
export type StorageClass = (typeof storageClasses)[number];
