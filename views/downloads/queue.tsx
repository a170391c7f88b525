import type { DownloadItem } from "../../src/features/downloads/item.ts";
import { isWorthATry } from "../../src/lib/errors.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { ButtonLink } from "../parts/button.tsx";
import { EmptyState } from "../parts/empty.tsx";
import { DownloadRow } from "./row.tsx";
import { QueueBar } from "./steering.tsx";

/** The first of each group; `counts` says how many there are, where that can be more. */
export interface DownloadGroupsOf {
  running: DownloadItem[];
  waiting: DownloadItem[];
  failed: DownloadItem[];
  done: DownloadItem[];
  counts: { running: number; waiting: number; failed: number };
  /** An admin has paused everybody's. */
  isPaused: boolean;
  hasPaused: boolean;
}

const headings = [
  ["running", "Running"],
  ["waiting", "Waiting"],
  ["failed", "Failed"],
  ["done", "Done"],
] as const;

/** The queue, as the page shows it and as it is sent again when it changes. */
export function DownloadGroups({ page, groups }: { page: Page; groups: DownloadGroupsOf }) {
  const { counts, isPaused, hasPaused } = groups;
  const hasUnseen = counts.failed > groups.failed.length;
  const filled = headings.filter(([group]) => groups[group].length > 0);
  return (
    <div id="queue" class="queue" data-live>
      {page.user && page.user.role !== "viewer" && (
        <QueueBar
          counts={counts}
          isPaused={isPaused}
          hasPaused={hasPaused}
          mayRetry={hasUnseen || groups.failed.some(mayBeRetried)}
          mayRemove={hasUnseen || groups.failed.filter(wouldFailAgain).length > 1}
          isAdmin={page.user.role === "admin"}
        />
      )}
      {filled.map(([group, title]) => (
        <Group
          page={page}
          name={group}
          title={title}
          downloads={groups[group]}
          count={group === "done" ? groups.done.length : counts[group]}
        />
      ))}
      {filled.length === 0 && <NothingInQueue isViewer={page.user?.role === "viewer"} />}
    </div>
  );
}

function NothingInQueue({ isViewer }: { isViewer: boolean }) {
  const where = "listed here, with how far it is and how long it will take.";
  return (
    <EmptyState
      icon="download"
      title="Nothing is being downloaded"
      action={isViewer && <ButtonLink href={paths.gallery()}>To the gallery</ButtonLink>}
    >
      {isViewer ? `What is downloaded is ${where}` : `Paste the address of a video, and it is ${where}`}
    </EmptyState>
  );
}

/** What was cancelled is started again, or removed, one by one. */
function mayBeRetried({ state, error }: DownloadItem): boolean {
  return state === "failed" && isWorthATry(error?.code ?? "");
}

function wouldFailAgain({ state, error }: DownloadItem): boolean {
  return state === "failed" && !isWorthATry(error?.code ?? "");
}

function Group(props: { page: Page; name: string; title: string; downloads: DownloadItem[]; count: number }) {
  const { page, name, title, downloads, count } = props;
  const more = count - downloads.length;
  return (
    <section id={`queue-${name}`} aria-labelledby={`queue-${name}-title`}>
      <h2 id={`queue-${name}-title`}>
        {title} <span class="count">{count.toLocaleString("en-GB")}</span>
      </h2>
      <ul class="rows">
        {downloads.map((download) => (
          <DownloadRow page={page} download={download} />
        ))}
      </ul>
      {more > 0 && (
        <p class="note">
          <a href={paths.wholeQueue()}>And {more.toLocaleString("en-GB")} more</a>
        </p>
      )}
    </section>
  );
}
