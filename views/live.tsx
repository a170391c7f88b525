import type { Child } from "hono/jsx";
import type { Progress } from "../src/events/events.ts";
import type { DownloadItem } from "../src/features/downloads/item.ts";
import type { VideoItem } from "../src/features/videos/item.ts";
import { paths } from "../src/paths.ts";
import { DownloadGroups, type DownloadGroupsOf } from "./downloads/queue.tsx";
import { DownloadRow } from "./downloads/row.tsx";
import type { Page } from "./page.ts";
import { PageNotice } from "./parts/page-notice.tsx";
import { TrayCount } from "./parts/tray.tsx";
import { VideoCard } from "./videos/card.tsx";
import { MineRow, type MineRowOf } from "./videos/mine-row.tsx";
import { Replacement } from "./videos/replacement.tsx";
import { PlayerAbout, PlayerStage } from "./videos/stage.tsx";

/**
 * What an open page wants to hear of. Every topic brings the tray and what everybody should know; `gallery` brings cards, `mine` one's own
 * videos, `downloads` rows and the queue, `video:<id>` the stage and the facts of one video.
 */
export type Topic = "tray" | "gallery" | "mine" | "downloads" | `video:${string}`;

/** The page's one connection; `public/live.ts` watches over it. */
export function LiveConnection({ page, topic }: { page: Page; topic: Topic }) {
  const query = new URLSearchParams({ topic });
  return (
    <div
      id="live"
      hidden
      hx-sse:connect={`${paths.events()}?${query}`}
      hx-trigger="load, live:again"
      hx-swap="none"
      hx-nonce={page.nonce}
    />
  );
}

/*
 * The messages, each the whole data of one unnamed event. They carry neither nonce nor hx- attributes
 * inside, so one rendering serves every listener. A message whose target is not on the page does nothing.
 */

/** A card that changed, or one that is new: it goes to the front of an unfiltered first page. */
export function LiveCard({
  page,
  video,
  progress,
}: {
  page: Page;
  video: VideoItem;
  progress: Progress | null;
}) {
  const card = <VideoCard page={page} video={video} progress={progress} />;
  const id = `#video-${video.id}`;
  return (
    <>
      <Swap target={`#cards[data-takes-new]:not(:has(${id}))`} how="afterbegin">
        {card}
      </Swap>
      <Swap target={id} how="outerMorph">
        {card}
      </Swap>
    </>
  );
}

export function LiveCardRemoval({ videoId }: { videoId: string }) {
  return (
    <>
      <Swap target={`#video-${videoId}`} how="delete" />
      <Swap target={`#mine-${videoId}`} how="delete" />
    </>
  );
}

/** A row of one's own videos; a new one goes to the front of an unfiltered first page. */
export function LiveMineRow({ page, ...row }: MineRowOf & { page: Page }) {
  const id = `#mine-${row.video.id}`;
  return (
    <>
      <Swap target={`#mine[data-takes-new]:not(:has(${id}))`} how="afterbegin">
        <MineRow page={page} {...row} />
      </Swap>
      <Swap target={id} how="outerMorph">
        <MineRow page={page} {...row} />
      </Swap>
    </>
  );
}

/** A download's progress. */
export function LiveRow({ page, download }: { page: Page; download: DownloadItem }) {
  return (
    <Swap target={`#download-${download.id}`} how="outerMorph">
      <DownloadRow page={page} download={download} />
    </Swap>
  );
}

/** The whole queue: on connecting, and whenever a download is new or changes its group. */
export function LiveQueue({ page, groups }: { page: Page; groups: DownloadGroupsOf }) {
  return (
    <Swap target="#queue" how="outerMorph">
      <DownloadGroups page={page} groups={groups} />
    </Swap>
  );
}

/** A video on its own page. What becomes of a new file is for those who may change it. */
export function LivePlayer({
  page,
  video,
  progress,
  canEdit,
}: {
  page: Page;
  video: VideoItem;
  progress: Progress | null;
  canEdit: boolean;
}) {
  return (
    <>
      <Swap target="#stage" how="outerMorph">
        <PlayerStage page={page} video={video} progress={progress} />
      </Swap>
      <Swap target="#about" how="outerMorph">
        <PlayerAbout page={page} video={video} />
      </Swap>
      {canEdit && (
        <Swap target="#replacement" how="outerMorph">
          <Replacement video={video} progress={progress} />
        </Swap>
      )}
    </>
  );
}

export function LiveTray({ running }: { running: number }) {
  return (
    <Swap target="#tray-count" how="outerMorph">
      <TrayCount running={running} />
    </Swap>
  );
}

/** On connecting, and whenever it changes. */
export function LiveNotice({ notice }: { notice: string | undefined }) {
  return (
    <Swap target="#page-notice" how="outerMorph">
      <PageNotice notice={notice} />
    </Swap>
  );
}

function Swap(props: { target: string; how: "outerMorph" | "afterbegin" | "delete"; children?: Child }) {
  return (
    <hx-partial hx-target={props.target} hx-swap={props.how}>
      {props.children}
    </hx-partial>
  );
}
