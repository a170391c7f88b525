import htmx from "htmx.org";
import { toast } from "./toast.ts";

const pollMs = 3000;
const reconnectMs = 15_000;

/**
 * Messages come over `#live` and are swapped in by htmx. What they can bring is marked `data-live`; while
 * the connection is down, and once after it is there (again), those parts are fetched with the page itself.
 */
export function startLive(): void {
  const live = document.querySelector("#live");
  if (live) watch(live);
  document.addEventListener("htmx:response:error", explain);
}

function watch(live: Element): void {
  let connected = false;
  live.addEventListener("htmx:sse:after:connection", () => {
    connected = true;
    catchUp(live);
  });
  // A connection of a hidden tab is closed by hx-sse, and opened again when the tab is seen.
  for (const name of ["htmx:sse:before:connection", "htmx:sse:error", "htmx:sse:close"]) {
    live.addEventListener(name, () => (connected = false));
  }
  every(pollMs, () => !connected && catchUp(live));
  // hx-sse comes back by itself after a break, but not when the very first try failed.
  every(reconnectMs, () => !connected && htmx.trigger(live, "live:again"));
  whenStateChanges(live, () => catchUp(live));
}

function every(intervalMs: number, act: () => void): void {
  setInterval(() => !document.hidden && act(), intervalMs);
}

/** A video that gets ready or fails brings buttons that differ from person to person: no message carries them. */
function whenStateChanges(live: Element, act: () => void): void {
  const stateOf = () => document.querySelector<HTMLElement>("#stage")?.dataset.state;
  let state = stateOf();
  live.addEventListener("htmx:after:swap", () => {
    if (state === stateOf()) return;
    state = stateOf();
    act();
  });
}

function catchUp(live: Element): void {
  const parts = [...document.querySelectorAll("[data-live][id]")];
  if (parts.length === 0) return;
  const selectOOB = parts.map(({ id }) => `#${CSS.escape(id)}:outerMorph`).join(",");
  void htmx.ajax("GET", location.pathname + location.search, { source: live, swap: "none", selectOOB });
}

/** An answer of 400 or more is not swapped in; what it says is. */
function explain(event: Event): void {
  const { ctx } = (event as CustomEvent<{ ctx: { text: string; sourceElement: Element } }>).detail;
  if (ctx.sourceElement.id === "live") return;
  const page = new DOMParser().parseFromString(ctx.text, "text/html");
  toast(page.querySelector("h1")?.textContent ?? "That did not work. Load the page again and retry.");
}
