/** One image as pages and the API see it. Times are milliseconds since 1970 UTC. */
export interface ImageItem {
  id: string;
  ownerId: string;
  filename: string;
  mime: string;
  /** Null where no size was measured: of an SVG. */
  width: number | null;
  height: number | null;
  sizeBytes: number;
  /** Where the image itself is. */
  url: string;
  /** Smaller ones, the smallest first. */
  sizes: { width: number; url: string }[];
  createdAt: number;
}
