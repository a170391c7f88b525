import type { Progress } from "../../src/events/events.ts";
import type { VideoItem } from "../../src/features/videos/item.ts";
import { formatBytes } from "../../src/lib/bytes.ts";
import { formatDuration } from "../../src/lib/durations.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { ButtonLink } from "../parts/button.tsx";
import { Picture } from "../parts/picture.tsx";
import { percentOf, ProgressBar, ProgressNumbers } from "../parts/progress.tsx";
import { Time } from "../parts/time.tsx";
import { AfterFailure } from "./after-failure.tsx";
import { isUnfinished } from "./facts.ts";
import { SameFile } from "./same-file.tsx";

/** What a row shows beside the video itself. */
export interface MineRowOf {
  video: VideoItem;
  progress: Progress | null;
  same: { id: string; title: string } | undefined;
}

/** One video of one's own: how far it is, what is to be known of its file, and the way to get that back, or what helps where it failed. */
export function MineRow({ page, video, progress, same }: MineRowOf & { page: Page }) {
  return (
    <article
      id={`mine-${video.id}`}
      class="row"
      data-state={video.state}
      data-live={isUnfinished(video) || video.replacingSince !== null ? "" : undefined}
    >
      <div class="row-picture">
        <Picture videoId={video.id} thumbnails={video.thumbnails} version={video.updatedAt} />
      </div>
      <div class="row-body">
        <h2 class="row-title">
          <a href={paths.video(video.id)} dir="auto" data-item>
            {video.title}
          </a>
        </h2>
        <RowState video={video} progress={progress} />
        <RowFacts page={page} video={video} />
        {same && <SameFile videoId={video.id} same={same} next={paths.mine()} />}
      </div>
      <div class="row-actions">
        {video.state === "READY" && (
          <ButtonLink href={paths.downloadFile(video.id)} icon="download" download>
            Download<span class="visually-hidden"> {video.title}</span>
          </ButtonLink>
        )}
        {video.state === "FAILED" && page.user?.role !== "viewer" && (
          <AfterFailure page={page} video={video} next={paths.mine()} />
        )}
      </div>
    </article>
  );
}

function RowState({ video, progress }: { video: VideoItem; progress: Progress | null }) {
  if (video.state === "FAILED") {
    return (
      <p class="row-error" dir="auto">
        <strong>{video.error?.message ?? "It could not be made ready."}</strong> {video.error?.hint}
      </p>
    );
  }
  if (isUnfinished(video) || video.replacingSince !== null) {
    const waiting = video.state === "READY" ? "A new file waits for its turn" : "Waiting for its turn";
    return (
      <>
        <ProgressBar progress={progress} label={`Progress of ${video.title}`} />
        <p class="row-stage">
          <span>
            {progress?.stage ?? waiting} <b>{percentOf(progress)}</b>
          </span>
          <ProgressNumbers progress={progress} />
        </p>
      </>
    );
  }
  if (video.replaceError === null) return null;
  return (
    <p class="row-error" dir="auto">
      <strong>The file was not replaced.</strong> {video.replaceError}
    </p>
  );
}

function RowFacts({ page, video }: { page: Page; video: VideoItem }) {
  return (
    <p class="row-stage">
      {video.state === "READY" && <span>Ready</span>}
      {video.state === "FAILED" && <span>Failed</span>}
      {video.sizeBytes !== null && <span>{formatBytes(video.sizeBytes)}</span>}
      {video.durationSeconds !== null && <span>{formatDuration(video.durationSeconds)}</span>}
      <Time at={video.createdAt} now={page.now} />
      <span>{video.visibility === "private" ? "Private" : "Everyone here"}</span>
    </p>
  );
}
