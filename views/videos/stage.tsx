import type { Child } from "hono/jsx";
import type { Progress } from "../../src/events/events.ts";
import type { VideoItem } from "../../src/features/videos/item.ts";
import { formatBytes } from "../../src/lib/bytes.ts";
import { formatDuration } from "../../src/lib/durations.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Icon } from "../parts/icons.tsx";
import { percentOf, ProgressBar, ProgressNumbers } from "../parts/progress.tsx";
import { formatDay, Time } from "../parts/time.tsx";
import { isUnfinished, posterOf, resolutionOf, streamOf } from "./facts.ts";

/** The video, or what stands in its place until it is ready. Both have the same box. */
export function PlayerStage(props: { page: Page; video: VideoItem; progress: Progress | null }) {
  const { page, video, progress } = props;
  return (
    <div id="stage" class="stage" data-state={video.state} data-live={isUnfinished(video) ? "" : undefined}>
      {video.state === "READY" && video.unplayableReason === null ? (
        <video
          class="player"
          controls
          playsinline
          preload="metadata"
          src={streamOf(video)}
          poster={posterOf(video)}
          aria-label={video.title}
          data-icons={page.asset("plyr.svg")}
        />
      ) : (
        <div class="stage-message">
          <Instead video={video} progress={progress} />
        </div>
      )}
    </div>
  );
}

function Instead({ video, progress }: { video: VideoItem; progress: Progress | null }) {
  if (video.state === "FAILED") return <Failed video={video} />;
  return video.state === "READY" ? <Unplayable video={video} /> : <Working progress={progress} />;
}

function Unplayable({ video }: { video: VideoItem }) {
  return (
    <>
      <Icon name="circle-alert" />
      <p class="stage-title">This video can't be played here: {video.unplayableReason}.</p>
      <p>
        It is kept as it came. <a href={paths.downloadFile(video.id)}>Download it</a> and play it with a
        program of yours.
      </p>
    </>
  );
}

function Working({ progress }: { progress: Progress | null }) {
  return (
    <>
      <p class="stage-title">
        {progress?.stage ?? "Waiting for its turn"} {percentOf(progress)}
      </p>
      <ProgressBar progress={progress} label="Progress" />
      <ProgressNumbers progress={progress} />
    </>
  );
}

function Failed({ video }: { video: VideoItem }) {
  return (
    <>
      <Icon name="circle-alert" />
      <p class="stage-title" dir="auto">
        {video.error?.message ?? "This video could not be made ready."}
      </p>
      {video.error?.hint && <p dir="auto">{video.error.hint}</p>}
    </>
  );
}

/** What is known of the file and where it came from. */
export function PlayerAbout({ page, video }: { page: Page; video: VideoItem }) {
  const codecs = [video.videoCodec, video.audioCodec].filter((codec) => codec !== null).join(", ");
  return (
    <section
      id="about"
      class="about"
      data-live={isUnfinished(video) || video.replacingSince !== null ? "" : undefined}
      data-stream={video.state === "READY" ? streamOf(video) : undefined}
      aria-labelledby="about-title"
    >
      <h2 id="about-title">About</h2>
      <dl class="facts">
        {video.sourceUrl && /^https?:/i.test(video.sourceUrl) && (
          <Fact label="Source">
            <a href={video.sourceUrl} rel="noreferrer noopener" target="_blank" dir="auto">
              {video.sourceSite ?? video.sourceUrl}
            </a>
          </Fact>
        )}
        <Fact label="Added">
          <Time at={video.createdAt} now={page.now} /> by <bdi>{video.owner.name}</bdi>
        </Fact>
        {video.recordedAt !== null && (
          <Fact label="Recorded">
            <Time at={video.recordedAt} now={page.now}>
              {formatDay(video.recordedAt)}
            </Time>
          </Fact>
        )}
        {video.durationSeconds !== null && (
          <Fact label="Length">{formatDuration(video.durationSeconds)}</Fact>
        )}
        {video.sizeBytes !== null && <Fact label="Size">{formatBytes(video.sizeBytes)}</Fact>}
        {video.width !== null && video.height !== null && (
          <Fact label="Picture">
            {video.width} × {video.height} ({resolutionOf(video)})
          </Fact>
        )}
        {codecs !== "" && <Fact label="Codecs">{codecs}</Fact>}
        {video.filename && (
          <Fact label="File">
            <bdi>{video.filename}</bdi>
          </Fact>
        )}
      </dl>
    </section>
  );
}

function Fact({ label, children }: { label: string; children: Child }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
