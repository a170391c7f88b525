import { toast } from "./toast.ts";

const frameMs = 900;
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** The pictures of the card under the pointer or with the focus take turns; a click plays in the card. */
export function startCards(): void {
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "touch") walk(cardOf(event));
  });
  document.addEventListener("focusin", (event) => walk(cardOf(event)));
  document.addEventListener("focusout", () => walk(null));
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[data-play]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    play(link);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && playing && !document.fullscreenElement) stop();
  });
}

let walking: { card: Element; end(): void } | null = null;

function walk(card: Element | null): void {
  if (card === (walking?.card ?? null)) return;
  walking?.end();
  walking = null;
  const picture = card?.querySelector<HTMLImageElement>("img[data-frames]");
  const frames = picture?.dataset.frames?.split(" ") ?? [];
  if (!card || !picture || frames.length === 0 || still.matches) return;
  const first = picture.src;
  let at = frames.findIndex((frame) => first.endsWith(frame));
  const timer = setInterval(() => {
    at = (at + 1) % frames.length;
    void show(picture, frames[at] ?? first, () => walking?.card === card);
  }, frameMs);
  const end = () => {
    clearInterval(timer);
    picture.src = first;
  };
  walking = { card, end };
}

/** Loaded before it is shown, so that nothing flickers. */
async function show(picture: HTMLImageElement, url: string, wanted: () => boolean): Promise<void> {
  const next = new Image();
  next.src = url;
  await next.decode().catch(() => undefined);
  if (wanted()) picture.src = url;
}

let playing: { link: HTMLAnchorElement; video: HTMLVideoElement } | null = null;

/** One card plays at a time. It is kept out of morphing, which would end it. */
function play(link: HTMLAnchorElement): void {
  stop();
  walk(null);
  const video = document.createElement("video");
  Object.assign(video, { controls: true, autoplay: true, playsInline: true });
  video.src = link.dataset.play ?? "";
  video.poster = link.dataset.poster ?? "";
  video.ariaLabel = link.closest(".card")?.querySelector("[data-item]")?.textContent ?? "";
  video.addEventListener("ended", stop);
  video.addEventListener("error", () => {
    stop();
    toast("This video can't be played here. Its own page offers it as a file.");
  });
  link.closest(".card")?.setAttribute("data-playing", "");
  link.hidden = true;
  link.after(video);
  video.focus();
  playing = { link, video };
}

function stop(): void {
  if (!playing) return;
  const { link, video } = playing;
  playing = null;
  const focused = document.activeElement === video;
  video.pause();
  video.remove();
  link.hidden = false;
  link.closest(".card")?.removeAttribute("data-playing");
  if (focused) link.focus();
}

function cardOf(event: Event): Element | null {
  return event.target instanceof Element ? event.target.closest(".card") : null;
}
