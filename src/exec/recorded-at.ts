/** What containers call it: QuickTime's own tag keeps the camera's time zone, the others are in UTC. */
interface TimeTags {
  "com.apple.quicktime.creationdate"?: string | undefined;
  creation_time?: string | undefined;
}

// Before that no camera wrote files; clocks that were never set say 1904, 1970 or 1980.
const earliest = Date.UTC(1990, 0, 1);
const dayMs = 86_400_000;

/** When a file says that it was recorded, in milliseconds since 1970; null where it says nothing, or nonsense. */
export function recordedAt(tags: TimeTags, now: number): number | null {
  const times = [tags["com.apple.quicktime.creationdate"], tags.creation_time].map(parseTime);
  // A clock that is a day ahead is one of another time zone; more is none.
  return times.find((time) => time !== null && time >= earliest && time <= now + dayMs) ?? null;
}

/** "2024-03-14T15:09:26.000000Z" and "2024-03-14T16:09:26+0100", as ffprobe prints them; nothing vaguer. */
function parseTime(text: string | undefined): number | null {
  const parts = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|([+-]\d\d):?(\d\d))$/.exec(text ?? "");
  if (!parts) return null;
  const [, day = "", time = "", hours, minutes] = parts;
  const at = Date.parse(`${day}T${time}${hours === undefined ? "Z" : `${hours}:${minutes}`}`);
  // The engine turns 30 February into 1 March.
  return Number.isFinite(at) && new Date(`${day}T00:00:00Z`).toJSON().startsWith(day) ? at : null;
}
