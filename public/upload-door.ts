import { toast } from "./toast.ts";
import type * as uploadsScript from "./uploads.ts";

type Opened = ReturnType<typeof uploadsScript.openUploads>;

let opened: Promise<Opened> | undefined;

/** Uploads that another page began go on here, and files that are chosen are taken. */
export function startUploads(): void {
  const panel = panelOf();
  if (!panel) return;
  const flag = flagOf(panel);
  if (localStorage.getItem(flag) !== null) void load(panel);
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key === flag && newValue !== null) void load(panel);
  });
  document.addEventListener("change", (event) => {
    const input = event.target as HTMLInputElement;
    const box = input.matches("[data-files]") ? stagingBox(input) : null;
    if (box) void withUploads((uploads) => uploads.pick(box, input));
  });
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (!form.matches("[data-sends-files]")) return;
    event.preventDefault();
    void withUploads((uploads) => uploads.send(form));
  });
  // Without scripts such a form takes one file at a time.
  for (const input of document.querySelectorAll<HTMLInputElement>("[data-sends-files=many] [type=file]"))
    input.multiple = true;
}

export function mayUpload(): boolean {
  return panelOf() !== null;
}

/** What sends files is loaded only when there are some. */
export async function withUploads(act: (uploads: Opened) => void | Promise<void>): Promise<void> {
  const panel = panelOf();
  const uploads = panel && (await load(panel).catch(() => null));
  if (uploads) await act(uploads);
  else toast("The server can't be reached. Try it again in a moment.");
}

/** The add box that a thing lies in, or the open one. */
export function stagingBox(target: EventTarget | null): HTMLElement | null {
  const within = target instanceof Element ? target.closest(".add-form") : null;
  return (
    (within ?? document.querySelector("dialog[open] .add-form"))?.querySelector("[data-file-box]") ?? null
  );
}

function load(panel: HTMLElement): Promise<Opened> {
  const flag = flagOf(panel);
  const remember = (hasSome: boolean) =>
    hasSome ? localStorage.setItem(flag, "1") : localStorage.removeItem(flag);
  opened ??= (import(panel.dataset.script ?? "") as Promise<typeof uploadsScript>).then(({ openUploads }) =>
    openUploads(panel, remember),
  );
  // What failed to come is asked for again the next time.
  opened.catch(() => (opened = undefined));
  return opened;
}

/** Null for people who may not upload. */
function panelOf(): HTMLElement | null {
  return document.querySelector<HTMLElement>("#uploads");
}

/** Of each person their own: a browser can be shared. */
function flagOf(panel: HTMLElement): string {
  return `homereel-uploads-${panel.dataset.user}`;
}
