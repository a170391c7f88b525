import { formatBytes } from "../../src/lib/bytes.ts";
import { formatTimeLeft } from "../../src/lib/durations.ts";
import { cleanText } from "../../src/lib/text.ts";
import { partOf } from "../form-parts.ts";
import type { Act, ShownUpload, UploadItem } from "./item.ts";
import { isOpen, totalsOf } from "./plan.ts";
import { headline, saidOf, stageOf, stuckInWords } from "./words.ts";

interface Wanted {
  act(act: Act, id: string | null): void;
  giveFile(id: string, file: File): void;
}

/** The list of uploads at the foot of every page. */
export class UploadPanel {
  readonly #panel: HTMLElement;
  readonly #list: HTMLElement;
  readonly #template: HTMLTemplateElement;
  readonly #rows = new Map<string, { row: HTMLElement; item: ShownUpload }>();
  #isFirst = true;

  constructor(panel: HTMLElement, wanted: Wanted) {
    this.#panel = panel;
    this.#list = partOf(panel, "ul");
    this.#template = partOf(panel, "template") as HTMLTemplateElement;
    panel.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLElement>("[data-act]");
      if (button) this.#press(button, wanted);
    });
    this.#chooser.addEventListener("change", () => {
      const [file] = this.#chooser.files ?? [];
      if (file) wanted.giveFile(this.#chooser.dataset.chooseAgain ?? "", file);
      this.#chooser.value = "";
    });
    if (matchMedia("(width < 44rem)").matches || sessionStorage.getItem("uploads-folded")) this.#fold(true);
  }

  show(items: readonly ShownUpload[]): void {
    const focused = this.#place();
    const ids = new Set(items.map(({ id }) => id));
    for (const [id, { row }] of this.#rows) {
      if (ids.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    // Names can turn the direction of what is written: nobody is to take one for another.
    const named = items.map((item) => ({ ...item, name: cleanText(item.name, 255) }));
    const said = named
      .map((item) => ({ item, words: this.#showRow(item) }))
      .filter(({ words }) => words !== "");
    this.#panel.hidden = items.length === 0;
    hideUnfinished(items);
    this.#showHead(named);
    focused();
    // What the page before this one knew is no news.
    if (!this.#isFirst) this.#say(said);
    this.#isFirst = false;
  }

  get #chooser(): HTMLInputElement {
    return partOf(this.#panel, "[data-choose-again]") as HTMLInputElement;
  }

  #press(button: HTMLElement, wanted: Wanted): void {
    const id = button.closest<HTMLElement>(".row")?.dataset.id ?? null;
    const act = button.dataset.act as Act | "fold" | "unfold" | "choose-again";
    if (act === "fold") return this.#fold(button.ariaExpanded === "true");
    if (act === "unfold") return this.#unfold();
    if (act !== "choose-again") return wanted.act(act, id);
    this.#chooser.dataset.chooseAgain = id ?? "";
    this.#chooser.click();
  }

  #fold(isFolded: boolean): void {
    partOf(this.#panel, "[data-act=fold]").ariaExpanded = String(!isFolded);
    this.#panel.toggleAttribute("data-folded", isFolded);
    if (isFolded) sessionStorage.setItem("uploads-folded", "1");
    else sessionStorage.removeItem("uploads-folded");
  }

  /** To the first that waits for somebody. */
  #unfold(): void {
    this.#fold(false);
    const row = this.#list.querySelector<HTMLElement>(
      "[data-state=failed], [data-state=known], [data-state=needs-file]",
    );
    row?.scrollIntoView({ block: "nearest" });
    row?.querySelector<HTMLElement>(":is(a, button):not([hidden])")?.focus({ preventScroll: true });
  }

  /** Where a button with the focus goes, the keyboard stays in its row, else at the head of the list. */
  #place(): () => void {
    const active = document.activeElement;
    if (!(active instanceof HTMLElement) || !this.#panel.contains(active)) return () => {};
    const row = active.closest<HTMLElement>(".row");
    return () => {
      if (active.isConnected && active.checkVisibility()) return;
      const next = row?.isConnected ? row.querySelector<HTMLElement>(":is(a, button):not([hidden])") : null;
      (next ?? partOf(this.#panel, "[data-act=fold]")).focus();
    };
  }

  #showHead(items: readonly ShownUpload[]): void {
    setText(partOf(this.#panel, "#uploads-title"), headline(items));
    const stuck = stuckInWords(items);
    setText(partOf(this.#panel, "#uploads-stuck"), stuck);
    partOf(this.#panel, "[data-act=unfold]").hidden = stuck === "";
    const { percent } = totalsOf(items);
    const bar = partOf(this.#panel, ":scope > .bar") as HTMLProgressElement;
    bar.value = percent;
    bar.toggleAttribute("data-idle", !items.some(isOpen));
    const has = (states: readonly string[]) => items.some(({ state }) => states.includes(state));
    const isMoving = has(["waiting", "sending", "lost"]);
    partOf(this.#panel, "[data-act=pause-all]").hidden = !isMoving;
    partOf(this.#panel, "[data-act=resume-all]").hidden = isMoving || !has(["paused"]);
    partOf(this.#panel, "[data-act=close]").hidden = items.some(isOpen);
  }

  /** What is to be said of the change. */
  #showRow(item: ShownUpload): string {
    const known = this.#rows.get(item.id);
    const row = known?.row ?? this.#newRow(item);
    this.#rows.set(item.id, { row, item });
    fill(row, item);
    return saidOf(known?.item, item);
  }

  #newRow(item: ShownUpload): HTMLElement {
    const copy = this.#template.content.cloneNode(true) as DocumentFragment;
    const row = partOf(copy, ".row");
    row.dataset.id = item.id;
    row.dataset.kind = item.kind;
    for (const [act, label] of Object.entries(labels)) {
      const button = partOf(row, `[data-act=${act}]`);
      button.ariaLabel = `${label}: ${item.name}`;
      button.title = label;
    }
    partOf(row, "[data-part=bar]").ariaLabel = `Progress of ${item.name}`;
    this.#list.append(row);
    return row;
  }

  /** Of what happened at the same time, what was refused is said in full. */
  #say(said: { item: ShownUpload; words: string }[]): void {
    const line = document.querySelector("#uploads-said");
    const first = said.find(({ item }) => item.state === "failed") ?? said[0];
    if (!line || !first) return;
    line.textContent = said.length === 1 ? first.words : `${first.words} And ${said.length - 1} more.`;
  }
}

/** The page of one's videos asks for files that are missing a part: not for those that are here. */
function hideUnfinished(items: readonly ShownUpload[]): void {
  const ids = new Set(items.map(({ url }) => url?.split("/").at(-1)));
  for (const row of document.querySelectorAll<HTMLElement>("[data-upload]"))
    row.hidden = ids.has(row.dataset.upload);
  for (const list of document.querySelectorAll<HTMLElement>("#unfinished"))
    list.hidden = list.querySelector("[data-upload]:not([hidden])") === null;
}

const labels = { pause: "Pause", resume: "Resume", cancel: "Cancel", dismiss: "Take off the list" };

function fill(row: HTMLElement, item: ShownUpload): void {
  const { state, place, problem } = item;
  row.dataset.state = state;
  const part = (name: string) => partOf(row, `[data-part=${name}]`);
  const show = (name: string, text: string) => {
    setText(part(name), text);
    part(name).hidden = text === "";
  };
  const link = state === "done" ? place : null;
  if (link !== null) (part("link") as HTMLAnchorElement).href = link;
  show("link", link === null ? "" : item.name);
  show("name", link === null ? item.name : "");
  const bar = part("bar") as HTMLProgressElement;
  bar.hidden = !isOpen(item);
  bar.value = percentOf(item);
  part("stage").hidden = state === "failed";
  show("words", stageOf(item));
  show("percent", isOpen(item) && item.sentBytes > 0 ? `${Math.floor(percentOf(item))} %` : "");
  show("bytes", bytesOf(item));
  show("speed", item.bytesPerSecond === null ? "" : `${formatBytes(item.bytesPerSecond)}/s`);
  show("left", item.secondsLeft === null ? "" : `${formatTimeLeft(item.secondsLeft)} left`);
  part("problem").hidden = state !== "failed";
  show("message", problem?.message ?? "");
  show("hint", problem?.hint ?? "");
  if (place !== null) (part("open") as HTMLAnchorElement).href = place;
  part("open").hidden = state !== "known" || place === null;
  part("done").hidden = state !== "done";
  const acts = actsOf(item);
  for (const button of row.querySelectorAll<HTMLElement>("[data-act]"))
    button.hidden = !acts.includes(button.dataset.act ?? "");
  part("ways").hidden = !["known", "needs-file", "failed"].includes(state);
}

/** What can be done with it now. */
function actsOf({ state, problem }: UploadItem): string[] {
  switch (state) {
    case "waiting":
    case "sending":
    case "lost":
      return ["pause", "cancel"];
    case "paused":
      return ["resume", "cancel"];
    case "known":
      return ["send-anyway", "dismiss"];
    case "needs-file":
      return ["choose-again", "cancel"];
    case "failed":
      return problem?.isFinal ? ["dismiss"] : ["retry", "dismiss"];
    case "done":
    case "cancelled":
      return [];
  }
}

function percentOf({ sentBytes, sizeBytes }: UploadItem): number {
  return sizeBytes === 0 ? 0 : (sentBytes / sizeBytes) * 100;
}

function bytesOf(item: UploadItem): string {
  const size = formatBytes(item.sizeBytes);
  return isOpen(item) && item.sentBytes > 0 ? `${formatBytes(item.sentBytes)} of ${size}` : size;
}

/** Only what changed: a screen reader that stands there would read it anew. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
