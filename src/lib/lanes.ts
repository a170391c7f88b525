/** A lane is a queue of its own with its own concurrency and time limit (docs/queue.md). */
export const lanes = ["short", "long", "media", "transcode", "mail", "chores"] as const;
export type Lane = (typeof lanes)[number];
