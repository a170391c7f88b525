import type { Progress } from "../../src/events/events.ts";
import type { VideoItem } from "../../src/features/videos/item.ts";
import { formatDuration } from "../../src/lib/durations.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Badge } from "../parts/badge.tsx";
import { Icon } from "../parts/icons.tsx";
import { Picture } from "../parts/picture.tsx";
import { percentOf, ProgressBar } from "../parts/progress.tsx";
import { Time } from "../parts/time.tsx";
import { hasNoPicture, isUnfinished, posterOf, resolutionOf, streamOf } from "./facts.ts";

interface Props {
  page: Page;
  video: VideoItem;
  progress: Progress | null;
}

/** One video on the shelf. It carries no nonce, so the same HTML serves every page and listener. */
export function VideoCard({ page, video, progress }: Props) {
  return (
    <article
      id={`video-${video.id}`}
      class="card"
      data-state={video.state}
      data-live={isUnfinished(video) ? "" : undefined}
    >
      <div class="card-picture">
        <CardPicture video={video} progress={progress} />
      </div>
      <h2 class="card-title">
        <a href={paths.video(video.id)} dir="auto" data-item>
          {video.title}
        </a>
      </h2>
      {video.state === "FAILED" && (
        <p class="card-error">{video.error?.message ?? "It could not be made ready."}</p>
      )}
      <CardMeta page={page} video={video} />
    </article>
  );
}

function CardPicture({ video, progress }: Omit<Props, "page">) {
  const picture = <Picture videoId={video.id} thumbnails={video.thumbnails} version={video.updatedAt} />;
  if (video.state !== "READY") {
    return (
      <>
        <a href={paths.video(video.id)} class="card-open" tabindex={-1} aria-hidden="true">
          {picture}
        </a>
        <StateBadge video={video} progress={progress} />
      </>
    );
  }
  return (
    <a
      href={paths.video(video.id)}
      class="card-open"
      data-play={video.unplayableReason === null ? streamOf(video) : undefined}
      data-poster={posterOf(video)}
    >
      {picture}
      <span class="card-play">
        <Icon name="play" />
      </span>
      <span class="visually-hidden">Play {video.title}</span>
      {video.durationSeconds !== null && (
        <span class="card-duration">{formatDuration(video.durationSeconds)}</span>
      )}
    </a>
  );
}

function StateBadge({ video, progress }: Omit<Props, "page">) {
  if (video.state === "FAILED") return <Badge kind="bad">Failed</Badge>;
  if (video.state === "PENDING" && !progress) return <Badge kind="waiting">Waiting</Badge>;
  return (
    <>
      <Badge kind="working">
        {progress?.stage ?? "Processing"} {percentOf(progress)}
      </Badge>
      <ProgressBar progress={progress} label={`Progress of ${video.title}`} />
    </>
  );
}

function CardMeta({ page, video }: { page: Page; video: VideoItem }) {
  const resolution = resolutionOf(video);
  return (
    <p class="card-meta">
      {video.visibility === "private" && (
        <span class="card-private" title="Only its owner and admins can see it">
          <Icon name="lock" />
          Private
        </span>
      )}
      {video.sourceSite && <span dir="auto">{video.sourceSite}</span>}
      <Time at={video.createdAt} now={page.now} />
      {resolution && <span>{resolution}</span>}
      {hasNoPicture(video) && <span title={video.thumbnailError ?? undefined}>No picture</span>}
      {video.tags.slice(0, 2).map((tag) => (
        <a href={paths.gallery({ tag: [tag] })} dir="auto">
          #{tag}
        </a>
      ))}
    </p>
  );
}
