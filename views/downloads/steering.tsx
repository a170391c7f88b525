import type { DownloadItem } from "../../src/features/downloads/item.ts";
import { paths } from "../../src/paths.ts";
import { Button } from "../parts/button.tsx";
import { Icon, type IconName } from "../parts/icons.tsx";

/** A plain form; with scripts, only the queue is taken from the page that it leads to, and what is said over it. */
export function QueueForm({ action, children }: { action: string; children: unknown }) {
  return (
    <form method="post" action={action} data-swap="#queue" data-says="#queue-said">
      {children}
    </form>
  );
}

const moves: [to: string, label: string, icon: IconName][] = [
  ["top", "To the top", "arrow-up-to-line"],
  ["up", "Up", "chevron-up"],
  ["down", "Down", "chevron-down"],
];

/** Another place among one's own that wait. The ids let the keyboard stay where it was when the queue is new. */
export function MoveButtons({ download: { id, title } }: { download: DownloadItem }) {
  return (
    <form class="moves" method="post" action={paths.moveDownload(id)} data-swap="#queue">
      {moves.map(([to, label, icon]) => (
        <button
          type="submit"
          id={`${to}-${id}`}
          name="to"
          value={to}
          title={label}
          aria-label={`${label}: ${title}`}
        >
          <Icon name={icon} />
        </button>
      ))}
    </form>
  );
}

/** The two buttons of what waits or runs. */
export function QueueButtons({ download: { id, state, paused } }: { download: DownloadItem }) {
  return (
    <>
      {state !== "ingesting" && <PauseButton id={id} paused={paused} />}
      <QueueForm action={paths.cancelDownload(id)}>
        <Button kind="quiet" icon="x">
          Cancel
        </Button>
      </QueueForm>
    </>
  );
}

function PauseButton({ id, paused }: { id: string; paused: boolean }) {
  return (
    <QueueForm action={paused ? paths.resumeDownload(id) : paths.pauseDownload(id)}>
      <Button kind={paused ? "plain" : "quiet"} icon={paused ? "play" : "pause"}>
        {paused ? "Resume" : "Pause"}
      </Button>
    </QueueForm>
  );
}

/** Off the list, where something else helps more. */
export function RemoveButton({ download: { id, title } }: { download: DownloadItem }) {
  return (
    <QueueForm action={paths.removeDownload(id)}>
      <button type="submit" class="button quiet icon-only" title="Remove" aria-label={`Remove: ${title}`}>
        <Icon name="trash-2" />
      </button>
    </QueueForm>
  );
}

/** What can be done to all at once; nothing where there is nothing to do it to. */
export function QueueBar(props: {
  counts: { running: number; waiting: number; failed: number };
  isPaused: boolean;
  hasPaused: boolean;
  /** Something failed for which another try is worth it. */
  mayRetry: boolean;
  /** More than one would fail again, as things are. */
  mayRemove: boolean;
  isAdmin: boolean;
}) {
  const { counts, isPaused, hasPaused, mayRetry, mayRemove, isAdmin } = props;
  const mayResume = hasPaused || (isPaused && isAdmin);
  const mayPause = counts.running + counts.waiting > 0 && !isPaused;
  const isIdle = counts.running + counts.waiting === 0;
  if (isIdle && !mayRetry && !mayRemove && !isPaused) return null;
  return (
    <div class="queue-bar">
      {isPaused && (
        <p role="status">
          {isAdmin
            ? "All downloads are paused, everybody's."
            : "An admin has paused all downloads. They go on from where they are."}
        </p>
      )}
      {mayPause && (
        <QueueForm action={paths.pauseAllDownloads()}>
          <Button icon="pause">Pause all</Button>
        </QueueForm>
      )}
      {mayResume && (
        <QueueForm action={paths.resumeAllDownloads()}>
          <Button icon="play">Resume all</Button>
        </QueueForm>
      )}
      {mayRetry && (
        <QueueForm action={paths.retryFailedDownloads()}>
          <Button icon="rotate-cw">Retry all failed</Button>
        </QueueForm>
      )}
      {mayRemove && (
        <QueueForm action={paths.removeFailedDownloads()}>
          <Button icon="trash-2">Remove what would fail again</Button>
        </QueueForm>
      )}
    </div>
  );
}
