/** Minutes of the day; a window that ends before it begins goes over midnight. */
export interface TimeWindow {
  fromMinute: number;
  /** Not part of it any more. */
  toMinute: number;
}

/** "01:00-06:00"; null for anything else, and for a window without a minute in it. */
export function parseTimeWindow(text: string): TimeWindow | null {
  const match = /^\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*$/.exec(text);
  if (!match) return null;
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = match.slice(1).map(Number);
  if (Math.max(fromHour, toHour) > 23 || Math.max(fromMinute, toMinute) > 59) return null;
  const window = { fromMinute: fromHour * 60 + fromMinute, toMinute: toHour * 60 + toMinute };
  return window.fromMinute === window.toMinute ? null : window;
}

/** Milliseconds until the window opens, 0 while it is open; in the time zone of this machine. */
export function waitForWindowMs(window: TimeWindow, now: number): number {
  const date = new Date(now);
  const minute = date.getHours() * 60 + date.getMinutes();
  const { fromMinute, toMinute } = window;
  const isOpen =
    fromMinute < toMinute
      ? minute >= fromMinute && minute < toMinute
      : minute >= fromMinute || minute < toMinute;
  if (isOpen) return 0;
  const opens = new Date(date.getFullYear(), date.getMonth(), date.getDate(), 0, fromMinute);
  if (opens.getTime() <= now) opens.setDate(opens.getDate() + 1);
  return opens.getTime() - now;
}
