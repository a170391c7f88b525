import { startEntries } from "./entries.ts";
import { toast } from "./toast.ts";

/** After the last key; a pasted address is looked at at once. */
const pauseMs = 700;
const rowsAtOnce = 2;
const mostRows = 20;

let timer: ReturnType<typeof setTimeout> | undefined;
let looking: AbortController | undefined;

/** Unfolds in the form what its addresses would bring. Buttons that lead there stay in the page, too. */
export function startPreview(): void {
  document.addEventListener("input", (event) => {
    const box = boxOf(event.target);
    if (box) lookLater(box, (event as InputEvent).inputType === "insertText" ? pauseMs : 50);
  });
  document.addEventListener("change", (event) => {
    const input = event.target as HTMLElement;
    if (input.matches("[data-look-again]")) lookAgain(input.closest("form"));
    if (input.matches("#add-options [name=preset]")) pickQuality(input as HTMLSelectElement);
  });
  document.addEventListener("submit", submitInPlace);
  document.addEventListener("focusin", (event) => loadOptions(formOf(event.target)));
  startEntries({ lookAgain: (form, part) => void refresh(form, { part }) });
  const box = document.querySelector<HTMLTextAreaElement>("[data-add]");
  if (box && box.value.trim() !== "" && !previewOf(box).hasChildNodes()) lookLater(box, 0);
}

function boxOf(target: EventTarget | null): HTMLTextAreaElement | null {
  return target instanceof HTMLTextAreaElement && target.matches("[data-preview]") ? target : null;
}

function formOf(target: EventTarget | null): HTMLFormElement | null {
  return target instanceof Element ? target.closest<HTMLFormElement>("form.add-form") : null;
}

function previewOf(box: HTMLTextAreaElement): HTMLElement {
  return box.form!.querySelector<HTMLElement>("#preview")!;
}

function lookLater(box: HTMLTextAreaElement, ms: number): void {
  clearTimeout(timer);
  looking?.abort();
  // What was there is of another address; its numbers must not be sent with this one.
  show(previewOf(box), "");
  timer = setTimeout(() => look(box), ms);
}

/** Only what may be whole addresses: nobody is told of a mistake while writing. */
function look(box: HTMLTextAreaElement): void {
  const lines = box.value.split("\n").map((line) => line.trim());
  const urls = lines.filter((line) => /^https?:\/\/[^\s/]+\.?[^\s]*$/i.test(line) && URL.canParse(line));
  const written = lines.filter((line) => line !== "");
  if (urls.length === 0 || urls.length < written.length) return;
  if (urls.length === 1) void refresh(box.form!, { wait: `Looking at ${new URL(urls[0]!).host}` });
  else void lookAtRows(box, urls);
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
  const preview = form.querySelector<HTMLElement>("#preview")!;
  const body = bodyOf(form, options.submitter);
  if (options.wait) show(preview, waiting(options.wait));
  preview.ariaBusy = "true";
  const fragment = await ask(form, body, signal);
  if (signal.aborted) return;
  preview.ariaBusy = null;
  const fresh = fragment?.querySelector("#preview");
  if (!fresh) return show(preview, "");
  const [old, part] = [options.part, options.part].map(
    (id, i) => id && [preview, fresh][i]!.querySelector(id),
  );
  if (old instanceof Element && part instanceof Element) old.replaceWith(part);
  else preview.replaceChildren(...fresh.childNodes);
  nameButton(form);
  form.dispatchEvent(new CustomEvent("preview:shown", { bubbles: true }));
}

/** Each on its own, two at a time: what is found shows at once. */
async function lookAtRows(box: HTMLTextAreaElement, urls: string[]): Promise<void> {
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
  show(previewOf(box), list);
  const next = async (): Promise<void> => {
    const one = rows.shift();
    if (!one || signal.aborted) return;
    const fragment = await ask(box.form!, new URLSearchParams({ urls: one.url, row: "1" }), signal);
    if (signal.aborted) return;
    const found = fragment?.querySelector(".preview-row, .notice");
    one.row.ariaBusy = null;
    if (found?.matches(".preview-row")) one.row.replaceWith(found);
    else one.row.replaceChildren(...(found ? [found] : []));
    return next();
  };
  await Promise.all(Array.from({ length: rowsAtOnce }, next));
}

async function ask(
  form: HTMLFormElement,
  body: URLSearchParams,
  signal: AbortSignal,
  path = form.querySelector<HTMLElement>("[data-preview]")!.dataset.preview!,
): Promise<DocumentFragment | null> {
  try {
    const answer = await fetch(path, { method: "POST", body, signal, headers: { "x-part": "1" } });
    const template = document.createElement("template");
    template.innerHTML = await answer.text();
    return template.content;
  } catch (error) {
    if (!signal.aborted) toast("The server can't be reached.");
    if (signal.aborted || error instanceof TypeError) return null;
    throw error;
  }
}

/** Buttons of the form that lead elsewhere than to the download change what is shown of the form. */
function submitInPlace(event: SubmitEvent): void {
  const form = formOf(event.target);
  const submitter = event.submitter;
  if (!form || !(submitter instanceof HTMLButtonElement) || !submitter.hasAttribute("formaction")) return;
  event.preventDefault();
  if (submitter.name === "use") void fetchOptions(form, `?profile=${encodeURIComponent(submitter.value)}`);
  else if (submitter.name === "save") void saveProfile(form, submitter);
  else {
    const part = submitter.name === "page" ? "#entries-page" : undefined;
    const wait = part ? undefined : "Looking at all of them";
    void refresh(form, { submitter, part, wait }).then(() => {
      form.querySelector<HTMLElement>("#entries-page")?.focus();
    });
  }
}

async function saveProfile(form: HTMLFormElement, submitter: HTMLButtonElement): Promise<void> {
  const { signal } = new AbortController();
  const fragment = await ask(form, bodyOf(form, submitter), signal, submitter.formAction);
  replaceOptions(form, fragment);
  form.querySelector<HTMLElement>("[name=profile_name]")?.focus();
}

/** The dialog of every page comes without them. */
function loadOptions(form: HTMLFormElement | null): void {
  const empty = form?.querySelector<HTMLElement>("#add-options[data-load]");
  if (!form || !empty) return;
  const { load } = empty.dataset;
  delete empty.dataset.load;
  void fetchOptions(form, "", load);
}

async function fetchOptions(
  form: HTMLFormElement,
  query: string,
  path = "/downloads/options",
): Promise<void> {
  const answer = await fetch(path + query);
  if (!answer.ok) return;
  const template = document.createElement("template");
  template.innerHTML = await answer.text();
  replaceOptions(form, template.content);
}

function replaceOptions(form: HTMLFormElement, fragment: DocumentFragment | null): void {
  const fresh = fragment?.querySelector("#add-options");
  if (!fresh) return;
  form.querySelector("#add-options")?.replaceWith(fresh);
  const preset = form.querySelector<HTMLSelectElement>("[name=preset]");
  if (preset) pickQuality(preset);
}

/** Of the two places where a quality is chosen, the last change counts in both. */
function pickQuality(preset: HTMLSelectElement): void {
  for (const radio of preset.form?.querySelectorAll<HTMLInputElement>("[name=quality]") ?? []) {
    radio.checked = radio.value === preset.value;
  }
}

function nameButton(form: HTMLFormElement): void {
  const label = form.querySelector(".button.primary span");
  const isHere = form.querySelector("#preview .preview .on-shelf") !== null;
  if (label) label.textContent = isHere ? "Download again" : "Download";
}

function show(preview: HTMLElement, what: string | Element): void {
  preview.ariaBusy = null;
  preview.replaceChildren(...(what === "" ? [] : [what]));
  nameButton(preview.closest("form")!);
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

function bodyOf(form: HTMLFormElement, submitter?: HTMLElement): URLSearchParams {
  return new URLSearchParams(new FormData(form, submitter) as unknown as Record<string, string>);
}
