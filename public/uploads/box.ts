import { formatBytes } from "../../src/lib/bytes.ts";
import { cleanText } from "../../src/lib/text.ts";
import { partOf } from "../form-parts.ts";
import { toast } from "../toast.ts";
import { type Chosen, leftOutInWords } from "./dropped.ts";
import type { Wishes } from "./item.ts";

/** The files that were chosen in the add box, and are not sent yet. */
let staged: File[] = [];

/** The list in the add box, from which files are sent with what is wished there. */
export function startBox(send: (files: readonly File[], wishes: Wishes) => void): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-file-box] [data-remove]");
    const box = button?.closest<HTMLElement>("[data-file-box]");
    if (button && box) takeOff(button, box);
  });
  document.addEventListener("submit", (event) => {
    const form = document.querySelector<HTMLFormElement>(".add-form");
    if (!form || !(event.target as Element).matches("#upload-form")) return;
    event.preventDefault();
    if (staged.length === 0) return partOf(form, "[data-files]").click();
    send(staged, wishesOf(form, staged.length));
    clear(form);
  });
}

export function stage(box: HTMLElement, chosen: Chosen): void {
  const isHere = (file: File) => staged.some((one) => keyOf(one) === keyOf(file));
  staged.push(...chosen.files.filter((file) => !isHere(file)));
  const words = leftOutInWords(chosen);
  if (words !== "") toast(words);
  show(box);
  if (staged.length > 0) partOf(box.closest("form"), "[data-send]").focus();
}

function show(box: HTMLElement): void {
  const list = partOf(box, ".staged");
  const template = partOf(box, "template") as HTMLTemplateElement;
  const maxBytes = Number(document.querySelector<HTMLElement>("#uploads")?.dataset.max);
  list.replaceChildren(...staged.map((file) => rowOf(template, file, maxBytes)));
  list.hidden = staged.length === 0;
  box.toggleAttribute("data-has-files", staged.length > 0);
  const label = partOf(box.closest("form"), "[data-send] span");
  label.textContent = staged.length > 1 ? `Upload ${staged.length} files` : "Upload";
}

function rowOf(template: HTMLTemplateElement, file: File, maxBytes: number): DocumentFragment {
  const row = template.content.cloneNode(true) as DocumentFragment;
  const part = (selector: string) => partOf(row, selector);
  part(".staged-name").textContent = cleanText(file.name, 255);
  const isTooLarge = maxBytes > 0 && file.size > maxBytes;
  part(".staged-note").textContent =
    formatBytes(file.size) + (isTooLarge ? `: too large, up to ${formatBytes(maxBytes)} are taken` : "");
  part("li").toggleAttribute("data-too-large", isTooLarge);
  part("[data-remove]").ariaLabel = `Take off the list: ${file.name}`;
  return row;
}

function takeOff(button: HTMLElement, box: HTMLElement): void {
  const at = [...partOf(box, ".staged").children].indexOf(button.closest("li") as Element);
  staged = staged.filter((_, i) => i !== at);
  show(box);
  const rows = box.querySelectorAll<HTMLElement>("[data-remove]");
  (rows[Math.min(at, rows.length - 1)] ?? partOf(box, "[data-files]")).focus();
}

function clear(form: HTMLFormElement): void {
  staged = [];
  show(partOf(form, "[data-file-box]"));
  for (const name of ["title", "tags"]) (partOf(form, `[name=${name}]`) as HTMLInputElement).value = "";
  form.closest("dialog")?.close();
}

function wishesOf(form: HTMLFormElement, count: number): Wishes {
  const fields = new FormData(form);
  const text = (name: string) => {
    const value = fields.get(name);
    return typeof value === "string" ? value.trim() : "";
  };
  return { title: count === 1 ? text("title") : "", tags: text("tags"), visibility: text("visibility") };
}

function keyOf({ name, size, lastModified }: File): string {
  return `${name} ${size} ${lastModified}`;
}
