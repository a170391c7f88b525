import { AppError } from "./errors.ts";

/** Seconds in "45", "2:30", "1:02:03" or "0:07.5"; null for an empty field. Throws AppError `invalid_input`. */
export function parseClock(text: string, field?: string): number | null {
  const written = text.trim();
  if (written === "") return null;
  const [, hours, minutes, seconds] =
    /^(?:(?:(\d{1,3}):)?(\d{1,2}):)?(\d{1,2}(?:\.\d{1,3})?)$/.exec(written) ??
    /^()()(\d{1,6}(?:\.\d{1,3})?)$/.exec(written) ??
    [];
  if (seconds === undefined) {
    throw new AppError("invalid_input", "This is no time of a video.", {
      hint: "Write minutes and seconds like 2:30.",
      field,
    });
  }
  return Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds);
}

/** As `parseClock` reads it: "2:30", "1:02:03", "0:07.5". */
export function formatClock(seconds: number | null): string {
  if (seconds === null) return "";
  const whole = Math.floor(seconds);
  const rest = Math.round((seconds - whole) * 1000);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const pad = (n: number) => String(n).padStart(2, "0");
  const clock = hours > 0 ? `${hours}:${pad(minutes)}` : String(minutes);
  const fraction = rest === 0 ? "" : `.${String(rest).padStart(3, "0").replace(/0+$/, "")}`;
  return `${clock}:${pad(whole % 60)}${fraction}`;
}
