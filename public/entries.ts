import { partOf } from "./form-parts.ts";
import { formatNumbers, parseNumbers } from "../src/lib/number-ranges.ts";

interface Options {
  /** Asks the server for the entries anew; `part` names what of the answer is taken. */
  lookAgain(form: HTMLFormElement, part: string): void;
}

const pauseMs = 300;
let timer: ReturnType<typeof setTimeout> | undefined;
let lastBox: HTMLInputElement | null = null;

/** Keeps the boxes of a playlist's entries in step with the field of numbers, which is what is sent. */
export function startEntries({ lookAgain }: Options): void {
  document.addEventListener("click", (event) => {
    const target = event.target as HTMLElement;
    const list = target.closest<HTMLElement>("[data-entries]");
    if (!list) return;
    const pick = target.closest<HTMLElement>("[data-pick]")?.dataset.pick;
    if (pick) pickAll(list, pick === "all");
    else if (target.matches("input[data-n]")) pickBox(list, target as HTMLInputElement, event.shiftKey);
  });
  document.addEventListener("input", (event) => {
    const input = event.target as HTMLInputElement;
    const list = input.closest<HTMLElement>("[data-entries]");
    if (!list) return;
    if (input.matches("[data-chosen]")) showBoxes(list);
    if (!input.matches("[data-filter]")) return;
    clearTimeout(timer);
    timer = setTimeout(() => input.form && lookAgain(input.form, "#entries-page"), pauseMs);
  });
  document.addEventListener("keydown", (event) => {
    const input = event.target as HTMLElement;
    // Enter would send the form, and start the download.
    if (event.key === "Enter" && input.matches("[data-filter], [data-chosen]")) event.preventDefault();
  });
  document.addEventListener("preview:shown", (event) => {
    lastBox = null;
    for (const list of (event.target as Element).querySelectorAll<HTMLElement>("[data-entries]"))
      showBoxes(list);
  });
  for (const list of document.querySelectorAll<HTMLElement>("[data-entries]")) showBoxes(list);
}

function fieldOf(list: HTMLElement): HTMLInputElement {
  return partOf(list, "[data-chosen]") as HTMLInputElement;
}

/** Null while what is written there is no list of numbers. */
function chosenOf(list: HTMLElement): Set<number> | null {
  try {
    const last = Number(list.dataset.count);
    return numbersOf(fieldOf(list).value, last);
  } catch {
    return null;
  }
}

function numbersOf(text: string, last: number): Set<number> {
  const numbers = new Set<number>();
  for (const [from, to] of parseNumbers(text))
    for (let n = from; n <= Math.min(to, last); n++) numbers.add(n);
  return numbers;
}

/** With the shift key, all from the box before up to this one. */
function pickBox(list: HTMLElement, box: HTMLInputElement, range: boolean): void {
  const boxes = [...list.querySelectorAll<HTMLInputElement>("input[data-n]")];
  const [at, from] = [boxes.indexOf(box), lastBox ? boxes.indexOf(lastBox) : -1];
  const picked = range && from >= 0 ? boxes.slice(Math.min(at, from), Math.max(at, from) + 1) : [box];
  lastBox = box;
  change(
    list,
    box.checked,
    picked.map((one) => Number(one.dataset.n)),
  );
}

/** All that the filter lets pass, on every page. */
function pickAll(list: HTMLElement, isChosen: boolean): void {
  const passing = list.querySelector<HTMLElement>("[data-passing]")?.dataset.passing ?? "";
  change(list, isChosen, numbersOf(passing, Number(list.dataset.count)));
}

function change(list: HTMLElement, isChosen: boolean, numbers: Iterable<number>): void {
  const chosen = chosenOf(list) ?? new Set();
  for (const n of numbers)
    if (isChosen) chosen.add(n);
    else chosen.delete(n);
  fieldOf(list).value = textOf(chosen);
  showBoxes(list);
}

function textOf(chosen: ReadonlySet<number>): string {
  const ranges: [number, number][] = [];
  for (const n of [...chosen].toSorted((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && last[1] === n - 1) last[1] = n;
    else ranges.push([n, n]);
  }
  return formatNumbers(ranges);
}

function showBoxes(list: HTMLElement): void {
  const chosen = chosenOf(list);
  fieldOf(list).ariaInvalid = chosen ? null : "true";
  if (!chosen) return;
  for (const box of list.querySelectorAll<HTMLInputElement>("input[data-n]")) {
    box.checked = chosen.has(Number(box.dataset.n));
  }
  const count = list.querySelector("[data-chosen-count]");
  const all = Number(list.dataset.count);
  if (count) count.textContent = `, ${chosen.size === all ? "all" : chosen.size} chosen`;
}
