import type { PreviewItem } from "../../src/features/downloads/item.ts";
import type { Preset } from "../../src/lib/download-options.ts";
import type { FormError } from "../parts/field.tsx";

/** What is shown of addresses that were looked at, and what was chosen of it. */
export interface PreviewShown {
  items: PreviewItem[];
  /** What the form had in its box, so that a choice is only taken for what was looked at. */
  lookedAt: string;
  preset: Preset;
  /** Of a playlist: which are chosen, how many entries were asked for, and what they were filtered by. */
  chosen: string | null;
  limit: number;
  filter: string;
  wholeList: boolean;
  /** One of several: told in a row. */
  isRow: boolean;
  error?: FormError;
}
