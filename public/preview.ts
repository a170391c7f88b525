import { startEntries } from "./entries.ts";
import { askForm, partOf } from "./form-parts.ts";
import { loadOptions, pickQuality, saveProfile, takeProfile } from "./form-options.ts";
import { acceptField, refuseField } from "./refused-field.ts";
import { released, watchPresses } from "./released.ts";

/** After the last key; a pasted address is looked at at once. */
const pauseMs = 700;
const rowsAtOnce = 2;
const mostRows = 20;

let timer: ReturnType<typeof setTimeout> | undefined;
let looking: AbortController | undefined;
let lookedAt = "";

/** Unfolds in the form what its addresses would bring. Buttons that lead there stay in the page, too. */
export function startPreview(): void {
  watchPresses();
  document.addEventListener("input", (event) => {
    const box = boxOf(event.target);
    if (box) lookLater(box, event.inputType === "insertText" ? pauseMs : 50);
  });
  document.addEventListener("change", (event) => {
    const input = event.target as HTMLElement;
    if (input.matches("[data-look-again]")) lookAgain(input.closest("form"));
    if (input.matches("#add-options [name=preset]")) pickQuality(input as HTMLSelectElement);
  });
  document.addEventListener("submit", submitInPlace);
  document.addEventListener("focusin", (event) => {
    const form = formOf(event.target);
    loadOptions(form);
    if (form) lookAtFilled(form);
  });
  startEntries({ lookAgain: (form, part) => void refresh(form, { part }) });
  // A link of another site can fill the box: till somebody turns to it, that address is asked nothing.
  const form = document.querySelector<HTMLFormElement>("form.add-form");
  if (form && location.search === "") lookAtFilled(form);
}

function lookAtFilled(form: HTMLFormElement): void {
  const box = boxOf(form.querySelector("[data-preview]"));
  // Of what was refused the page says why; it is looked at again when it is another.
  if (!box || box.ariaInvalid === "true") return;
  if (box.value !== lookedAt && !previewOf(form).hasChildNodes()) lookLater(box, 0);
}

function boxOf(target: EventTarget | null): HTMLTextAreaElement | null {
  return target instanceof HTMLTextAreaElement && target.matches("[data-preview]") ? target : null;
}

function formOf(target: EventTarget | null): HTMLFormElement | null {
  return target instanceof Element ? target.closest<HTMLFormElement>("form.add-form") : null;
}

function previewOf(form: Element | null): HTMLElement {
  return partOf(form, "#preview");
}

function lookLater(box: HTMLTextAreaElement, ms: number): void {
  clearTimeout(timer);
  looking?.abort();
  // What was there is of another address; its numbers must not be sent with this one.
  acceptField(box);
  show(previewOf(box.form), "");
  timer = setTimeout(() => void released().then(() => look(box)), ms);
}

/** Only what may be whole addresses: nobody is told of a mistake while writing. */
function look(box: HTMLTextAreaElement): void {
  lookedAt = box.value;
  const lines = box.value.split("\n").map((line) => line.trim());
  const urls = lines.filter((line) => /^https?:\/\/[^\s/]+\.?[^\s]*$/i.test(line) && URL.canParse(line));
  const written = lines.filter((line) => line !== "");
  const [first] = urls;
  if (first === undefined || urls.length < written.length || !box.form) return;
  if (urls.length === 1) void refresh(box.form, { wait: `Looking at ${new URL(first).host}` });
  else void lookAtRows(box.form, urls);
}

function lookAgain(form: HTMLFormElement | null): void {
  if (form) void refresh(form, { wait: "Looking at the list" });
}

/** Asks for the preview of this form; `part` names what of it is taken, all unless said. */
async function refresh(
  form: HTMLFormElement,
  options: { wait?: string; part?: string; submitter?: HTMLElement } = {},
): Promise<void> {
  looking?.abort();
  const { signal } = (looking = new AbortController());
  const preview = previewOf(form);
  const body = new FormData(form, options.submitter);
  if (options.wait) show(preview, waiting(options.wait));
  preview.ariaBusy = "true";
  const fragment = await askForm(pathOf(form), body, signal);
  await released();
  if (signal.aborted) return;
  preview.ariaBusy = null;
  const fresh = fragment?.querySelector("#preview");
  if (!fresh || refuseField(partOf(form, "[data-preview]"), fresh)) return show(preview, "");
  const [old, part] = options.part
    ? [preview.querySelector(options.part), fresh.querySelector(options.part)]
    : [null, null];
  if (old && part) old.replaceWith(part);
  else preview.replaceChildren(...fresh.childNodes);
  nameButton(form);
  form.dispatchEvent(new CustomEvent("preview:shown", { bubbles: true }));
}

/** Each on its own, two at a time: what is found shows at once. */
async function lookAtRows(form: HTMLFormElement, urls: string[]): Promise<void> {
  const { signal } = (looking = new AbortController());
  const list = document.createElement("ul");
  list.className = "rows";
  const rows = urls.slice(0, mostRows).map((url) => {
    const row = document.createElement("li");
    row.className = "row preview-row";
    row.ariaBusy = "true";
    row.append(waiting(url));
    list.append(row);
    return { url, row };
  });
  show(previewOf(form), list);
  const next = async (): Promise<void> => {
    const one = rows.shift();
    if (!one || signal.aborted) return;
    const body = new FormData();
    body.set("urls", one.url);
    body.set("row", "1");
    const fragment = await askForm(pathOf(form), body, signal);
    await released();
    if (signal.aborted) return;
    const found = fragment?.querySelector(".preview-row");
    one.row.ariaBusy = null;
    if (found) one.row.replaceWith(found);
    else one.row.replaceChildren();
    return next();
  };
  await Promise.all(Array.from({ length: rowsAtOnce }, next));
}

/** Buttons of the form that lead elsewhere than to the download change what is shown of the form. */
function submitInPlace(event: SubmitEvent): void {
  const form = formOf(event.target);
  const submitter = event.submitter;
  if (!form || !(submitter instanceof HTMLButtonElement) || !submitter.hasAttribute("formaction")) return;
  event.preventDefault();
  if (submitter.name === "use") void takeProfile(form, submitter.value);
  else if (submitter.name === "save") void saveProfile(form, submitter);
  else void lookElsewhere(form, submitter);
}

/** Another page of a playlist, or more of it: where one reads on has the focus. */
async function lookElsewhere(form: HTMLFormElement, submitter: HTMLButtonElement): Promise<void> {
  const isPage = submitter.name === "page";
  await refresh(
    form,
    isPage ? { submitter, part: "#entries-page" } : { submitter, wait: "Looking at all of them" },
  );
  form.querySelector<HTMLElement>("#entries-page")?.focus();
}

function pathOf(form: HTMLFormElement): string {
  return partOf(form, "[data-preview]").dataset.preview ?? "";
}

function nameButton(form: HTMLFormElement | null): void {
  const label = form?.querySelector(".button.primary:not([data-send]) span");
  const isHere = form?.querySelector("#preview .preview .on-shelf") != null;
  if (label) label.textContent = isHere ? "Download again" : "Download";
}

function show(preview: HTMLElement, what: string | Element): void {
  preview.ariaBusy = null;
  preview.replaceChildren(...(what === "" ? [] : [what]));
  nameButton(preview.closest("form"));
}

function waiting(words: string): HTMLElement {
  const note = document.createElement("div");
  note.className = "preview-wait";
  note.setAttribute("role", "status");
  const text = document.createElement("span");
  text.textContent = words;
  const bar = document.createElement("progress");
  bar.className = "bar";
  bar.ariaLabel = words;
  note.append(text, bar);
  return note;
}
