import * as plyr from "plyr";
import { followFile } from "./follow-file.ts";
import { renewStream } from "./renew-stream.ts";

// Its types export a class as the whole module, its code exports the same class as `default`.
const { default: Plyr } = plyr as unknown as { default: typeof plyr };

/** The player of the video's own page; also when the video becomes ready while the page is open. */
function startPlayer(): void {
  const stage = document.querySelector("#stage");
  const video = stage?.querySelector<HTMLVideoElement>("video.player");
  if (!stage || !video || stage.hasAttribute("data-playing")) return;
  // From here on the player owns this part of the page.
  stage.setAttribute("data-playing", "");
  renewStream(video);
  followFile(video);
  Plyr.setup([video], {
    iconUrl: video.dataset.icons,
    blankVideo: "",
    controls: [
      "play-large",
      "play",
      "current-time",
      "progress",
      "duration",
      "mute",
      "volume",
      "settings",
      "pip",
      "airplay",
      "fullscreen",
    ],
    settings: ["speed"],
    keyboard: { focused: true, global: true },
    tooltips: { controls: false, seek: true },
    fullscreen: { iosNative: true },
  });
}

startPlayer();
document.addEventListener("htmx:after:swap", startPlayer);
