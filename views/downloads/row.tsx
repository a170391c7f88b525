import type { DownloadItem } from "../../src/features/downloads/item.ts";
import { canPassLater, isWorthATry } from "../../src/lib/errors.ts";
import { paths } from "../../src/paths.ts";
import type { DownloadState } from "../../src/db/schema.ts";
import type { Page } from "../page.ts";
import { Button, ButtonLink } from "../parts/button.tsx";
import { MoveButtons, QueueButtons, QueueForm, RemoveButton } from "./steering.tsx";
import { Picture } from "../parts/picture.tsx";
import { percentOf, ProgressBar, ProgressNumbers } from "../parts/progress.tsx";
import { RemedyLinks } from "../parts/remedy.tsx";
import { Time } from "../parts/time.tsx";

const stages: Record<DownloadState, string> = {
  waiting: "Waiting for its turn",
  probing: "Looking at the page",
  fetching: "Downloading",
  ingesting: "Making it ready",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

const running = new Set<DownloadState>(["probing", "fetching", "ingesting"]);

/** One download: what it is, how far it is, and the buttons that make sense now. */
export function DownloadRow({ page, download }: { page: Page; download: DownloadItem }) {
  const { id, videoId, title, state } = download;
  return (
    <li id={`download-${id}`} class="row" data-state={download.paused ? "paused" : state}>
      <div class="row-picture">
        <Picture videoId={videoId} thumbnails={download.thumbnails} version={download.version} />
      </div>
      <div class="row-body">
        <p class="row-title">
          {videoId ? (
            <a href={paths.video(videoId)} dir="auto" data-item>
              {title}
            </a>
          ) : (
            <span dir="auto">{title}</span>
          )}
        </p>
        <Stage page={page} download={download} />
      </div>
      <div class="row-actions">
        <Actions page={page} download={download} />
      </div>
    </li>
  );
}

function Stage({ page, download }: { page: Page; download: DownloadItem }) {
  const { state, progress, error } = download;
  if (state === "failed") {
    return (
      <p class="row-error" dir="auto">
        <strong>{error?.message ?? "It failed."}</strong> {error?.hint} <LogLink download={download} />
      </p>
    );
  }
  if (running.has(state)) {
    return (
      <>
        <ProgressBar progress={progress} label={`Progress of ${download.title}`} />
        <p class="row-stage">
          <span>
            {download.paused ? "Pausing" : (progress?.stage ?? stages[state])} <b>{percentOf(progress)}</b>
          </span>
          <ProgressNumbers progress={progress} />
          <LaneReason download={download} />
        </p>
      </>
    );
  }
  return (
    <p class="row-stage">
      <span>{download.waitsFor || stages[state]}</span>
      <Time at={download.finishedAt ?? download.createdAt} now={page.now} />
      {state === "waiting" ? <LaneReason download={download} /> : <LogLink download={download} />}
    </p>
  );
}

function LaneReason({ download }: { download: DownloadItem }) {
  return download.laneReason === "" ? null : <span class="row-lane">{download.laneReason}</span>;
}

function LogLink({ download }: { download: DownloadItem }) {
  return (
    <a class="row-log" href={paths.downloadLog(download.id)}>
      Log<span class="visually-hidden"> of {download.title}</span>
    </a>
  );
}

function Actions({ page, download }: { page: Page; download: DownloadItem }) {
  const { videoId, state } = download;
  if (state === "done") {
    return videoId ? (
      <ButtonLink href={paths.video(videoId)} kind="quiet" icon="play">
        Watch
      </ButtonLink>
    ) : null;
  }
  if (page.user?.role === "viewer") return null;
  if (state === "failed" || state === "cancelled") return <AfterFailure page={page} download={download} />;
  return (
    <>
      {state === "waiting" && <MoveButtons download={download} />}
      <QueueButtons download={download} />
    </>
  );
}

/** What helps comes first. Where that is not another try, one is still there for who knows better. */
function AfterFailure({ page, download }: { page: Page; download: DownloadItem }) {
  const { id, url, state } = download;
  const code = state === "cancelled" ? state : (download.error?.code ?? "");
  if (!isWorthATry(code)) {
    return (
      <>
        <RemedyLinks page={page} url={url} code={code} />
        <QueueForm action={paths.removeDownload(id)}>
          <Button icon="trash-2">Remove</Button>
        </QueueForm>
        {canPassLater(code) && (
          <QueueForm action={paths.retryDownload(id)}>
            <Button kind="quiet" icon="rotate-cw">
              Try again anyway
            </Button>
          </QueueForm>
        )}
      </>
    );
  }
  return (
    <>
      <RemedyLinks page={page} url={url} code={code} />
      <QueueForm action={paths.retryDownload(id)}>
        <Button icon="rotate-cw">Try again</Button>
      </QueueForm>
      <RemoveButton download={download} />
    </>
  );
}
