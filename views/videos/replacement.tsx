import type { Progress } from "../../src/events/events.ts";
import type { VideoItem } from "../../src/features/videos/item.ts";
import { paths } from "../../src/paths.ts";
import { Button } from "../parts/button.tsx";
import { Icon } from "../parts/icons.tsx";
import { percentOf, ProgressBar } from "../parts/progress.tsx";

/** How far a new file is, or why it did not take the old one's place: for those who may change the video. */
export function Replacement({ video, progress }: { video: VideoItem; progress: Progress | null }) {
  const isRunning = video.replacingSince !== null;
  return (
    <div id="replacement" class="replacement" data-live={isRunning ? "" : undefined}>
      {isRunning && (
        <>
          <p>
            {progress?.stage ?? "A new file waits for its turn"} {percentOf(progress)}
          </p>
          <ProgressBar progress={progress} label="Progress of the new file" />
          <form method="post" action={paths.cancelReplacement(video.id)}>
            <Button kind="quiet" icon="x">
              Keep the old file
            </Button>
          </form>
        </>
      )}
      {!isRunning && video.replaceError !== null && (
        <div class="notice bad">
          <Icon name="circle-alert" />
          <p>
            <strong>The file was not replaced.</strong> <span dir="auto">{video.replaceError}</span>
          </p>
        </div>
      )}
    </div>
  );
}
