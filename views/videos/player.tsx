import type { Progress } from "../../src/events/events.ts";
import type { VideoItem } from "../../src/features/videos/item.ts";
import { paths } from "../../src/paths.ts";
import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";
import { ButtonLink } from "../parts/button.tsx";
import type { FormError } from "../parts/field.tsx";
import { Icon } from "../parts/icons.tsx";
import { Time } from "../parts/time.tsx";
import { AfterFailure } from "./after-failure.tsx";
import { DeleteVideo, EditForm, type EditValues, RemakeThumbnails } from "./manage.tsx";
import { isUnfinished } from "./facts.ts";
import { OwnPicture } from "./own-picture.tsx";
import { ReplaceFile } from "./replace-file.tsx";
import { Replacement } from "./replacement.tsx";
import { SameFile } from "./same-file.tsx";
import { PlayerAbout, PlayerStage } from "./stage.tsx";

/**
 * One video: the picture as wide as it may be, and what is known and can be done below.
 */
export function PlayerPage(props: {
  page: Page;
  video: VideoItem;
  canEdit: boolean;
  progress: Progress | null;
  /** Where the same file was before, for its owner. */
  same?: { id: string; title: string };
  error?: FormError;
  values?: EditValues;
  /** Of the picture that was sent for it. */
  pictureError?: FormError;
}) {
  const { page, video, canEdit, progress, same, error, values, pictureError } = props;
  const isReplacing = canEdit && video.replacingSince !== null;
  return (
    <Layout
      page={page}
      title={video.title}
      current="player"
      live={`video:${video.id}`}
      scripts={["player.js"]}
      refreshSeconds={isUnfinished(video) || isReplacing ? 5 : undefined}
    >
      <PlayerStage page={page} video={video} progress={progress} />
      <div class="below-stage">
        <div id="headline" class="title-row" data-live={isUnfinished(video) ? "" : undefined}>
          <div>
            <h1 dir="auto">{video.title}</h1>
            <Summary page={page} video={video} />
          </div>
          <div class="actions">
            {video.state === "FAILED" && canEdit && <AfterFailure page={page} video={video} />}
            {video.state === "READY" && (
              <ButtonLink href={paths.downloadFile(video.id)} icon="download" download>
                Download
              </ButtonLink>
            )}
          </div>
        </div>
        {same && <SameFile videoId={video.id} same={same} />}
        <div class="columns">
          <PlayerAbout page={page} video={video} />
          <Words video={video} />
          {canEdit && (
            <section class="manage" aria-labelledby="manage-title">
              <h2 id="manage-title">Manage</h2>
              <EditForm page={page} video={video} error={error} values={values} />
              <OwnPicture video={video} error={pictureError} />
              {video.state === "READY" && (
                <>
                  <Replacement video={video} progress={progress} />
                  <ReplaceFile video={video} />
                  <RemakeThumbnails video={video} />
                </>
              )}
              {video.state !== "FAILED" && <DeleteVideo video={video} />}
            </section>
          )}
        </div>
      </div>
    </Layout>
  );
}

function Summary({ page, video }: { page: Page; video: VideoItem }) {
  return (
    <p class="meta">
      {video.visibility === "private" && (
        <span class="card-private">
          <Icon name="lock" />
          Private
        </span>
      )}
      {video.sourceSite && <span dir="auto">{video.sourceSite}</span>}
      <Time at={video.createdAt} now={page.now} />
    </p>
  );
}

function Words({ video }: { video: VideoItem }) {
  return (
    <section class="words" aria-labelledby="words-title">
      <h2 id="words-title">Description</h2>
      {video.description === "" ? (
        <p class="soft">No description yet.</p>
      ) : (
        <p class="description" dir="auto">
          {video.description}
        </p>
      )}
      {video.tags.length > 0 && (
        <ul class="tags" aria-label="Tags">
          {video.tags.map((tag) => (
            <li>
              <a class="chip" href={paths.gallery({ tag: [tag] })}>
                <bdi>#{tag}</bdi>
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
