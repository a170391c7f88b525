import { loadAgain } from "./renew-stream.ts";

/**
 * Another file takes the place of the one that plays: its address comes with the facts about the video, and the old one
 * is no longer answered.
 */
export function followFile(video: HTMLVideoElement): void {
  document.addEventListener("htmx:after:swap", () => {
    const stream = document.querySelector<HTMLElement>("#about")?.dataset.stream;
    if (stream === undefined || stream === video.getAttribute("src")) return;
    loadAgain(video, stream);
  });
}
