import { raw } from "hono/html";
import { iconShapes } from "./icon-shapes.ts";

export type IconName = keyof typeof iconShapes;

/** A drawn sign beside words; alone it needs a label on the element around it. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" width="20" height="20" viewBox="0 0 24 24" aria-hidden="true">
      {raw(iconShapes[name])}
    </svg>
  );
}

/** The sign of the house: a roof over a play triangle. */
export function Mark() {
  return (
    <svg class="mark" width="28" height="28" viewBox="0 0 32 32" aria-hidden="true">
      <path
        fill-rule="evenodd"
        d="M14.2 3.6a3 3 0 0 1 3.6 0l10 7.5A3 3 0 0 1 29 13.5V26a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3V13.5a3 3 0 0 1 1.2-2.4zM12.5 14.9v8.2a1 1 0 0 0 1.5.86l7-4.1a1 1 0 0 0 0-1.72l-7-4.1a1 1 0 0 0-1.5.86z"
      />
    </svg>
  );
}
