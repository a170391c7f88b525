const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const time = "(?<hour>\\d\\d):(?<minute>\\d\\d):(?<second>\\d\\d)";

// The three forms of RFC 9110 §5.6.7: IMF-fixdate, and the obsolete RFC 850 and asctime.
const forms = [
  new RegExp(`^[A-Z][a-z]{2}, (?<day>\\d\\d) (?<month>[A-Z][a-z]{2}) (?<year>\\d{4}) ${time} GMT$`),
  new RegExp(`^[A-Z][a-z]{5,8}, (?<day>\\d\\d)-(?<month>[A-Z][a-z]{2})-(?<year>\\d\\d) ${time} GMT$`),
  new RegExp(`^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \\d]\\d) ${time} (?<year>\\d{4})$`),
];

/**
 * Milliseconds since 1970 UTC of an HTTP date, or null for anything else. `Date.parse` is no substitute:
 * it takes "1" and local times for dates, and a condition with an invalid date has to be ignored.
 */
export function parseHttpDate(text: string): number | null {
  for (const form of forms) {
    const groups = form.exec(text.trim())?.groups;
    if (groups) return fromParts(groups);
  }
  return null;
}

/** Whole seconds, in the one form that may be sent: "Sun, 06 Nov 1994 08:49:37 GMT". */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

function fromParts(groups: Record<string, string>): number | null {
  const part = (name: string) => Number(groups[name]);
  const month = months.indexOf(groups.month ?? "");
  const year = groups.year?.length === 2 ? nearestCentury(part("year")) : part("year");
  const date = new Date(Date.UTC(year, month, part("day"), part("hour"), part("minute"), part("second")));
  const isReal = month >= 0 && date.getUTCDate() === part("day") && date.getUTCHours() === part("hour");
  return isReal ? date.getTime() : null;
}

// RFC 850 years: 70–99 are of the last century. The RFC's rule of "more than 50 years ahead is the past" needs a clock.
function nearestCentury(year: number): number {
  return year >= 70 ? 1900 + year : 2000 + year;
}
