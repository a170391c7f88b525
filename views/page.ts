import type { Role, Visibility } from "../src/db/schema.ts";

/** What every page knows of its request; routes make it with `pageOf(c)` of `src/web/page.ts`. */
export interface Page {
  /** Of this response's CSP; goes on every script and, as `hx-nonce`, on every element with hx- attributes. */
  nonce: string;
  user: { id: string; name: string; email: string; role: Role } | null;
  theme: Theme;
  /** Hashed URL of a bundled asset: "app.js", "app.css", … */
  asset(name: string): string;
  /** Path and query of the request, for coming back after an action. */
  here: string;
  /** Milliseconds since 1970 UTC. */
  now: number;
  /** This person's downloads that run or wait; the tray in the header shows how many. */
  running?: number;
  /** What everybody should know who is in: a sentence. */
  notice?: string;
  /** Who sees what this person adds, unless they say otherwise. */
  newVisibility: Visibility;
  /** How files are sent: in pieces of so many bytes or straight into the bucket, none larger than `maxBytes` (0: any), and who sees them then. */
  uploads: { chunkBytes: number; maxBytes: number; visibility: Visibility; isDirect: boolean };
}

export type Theme = "auto" | "light" | "dark";
