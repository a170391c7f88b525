import { isDialogOpen, isTyping, openAdd, openDialog } from "./dialogs.ts";

const keys: Record<string, () => void> = {
  "/": () => document.querySelector<HTMLInputElement>("[data-search]")?.select(),
  "?": () => openDialog("shortcuts"),
  a: () => void openAdd(),
  j: () => move(1),
  k: () => move(-1),
  g: () => document.querySelector<HTMLElement>(".wordmark")?.click(),
  d: () => document.querySelector<HTMLElement>("#tray")?.click(),
  u: () => document.querySelector<HTMLElement>("#uploads:not([hidden]) .uploads-head button")?.focus(),
};

/** One key each; never while someone types, in a dialog, or together with a modifier. */
export function startShortcuts(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const act = keys[event.key];
    if (!act || isTyping(event.target) || isDialogOpen()) return;
    event.preventDefault();
    act();
  });
}

/** From card to card or row to row; the first one where none has the focus. */
function move(step: number): void {
  const items = [...document.querySelectorAll<HTMLElement>("[data-item]")];
  const focused = document.activeElement?.closest(".card, .row")?.querySelector("[data-item]");
  const at = items.findIndex((item) => item === focused);
  const next = at < 0 ? items[0] : items[at + step];
  next?.focus({ preventScroll: true });
  next?.closest(".card, .row")?.scrollIntoView({ block: "nearest" });
}
