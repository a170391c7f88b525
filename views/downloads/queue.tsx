import type { DownloadItem } from "../../src/features/downloads/item.ts";
import type { Page } from "../page.ts";
import { EmptyState } from "../parts/empty.tsx";
import { DownloadRow } from "./row.tsx";

export interface DownloadGroupsOf {
  running: DownloadItem[];
  waiting: DownloadItem[];
  failed: DownloadItem[];
  done: DownloadItem[];
}

const headings: [group: keyof DownloadGroupsOf, title: string][] = [
  ["running", "Running"],
  ["waiting", "Waiting"],
  ["failed", "Failed"],
  ["done", "Done"],
];

/** The queue, as the page shows it and as it is sent again when it changes. */
export function DownloadGroups({ page, groups }: { page: Page; groups: DownloadGroupsOf }) {
  const filled = headings.filter(([group]) => groups[group].length > 0);
  return (
    <div id="queue" class="queue" data-live>
      {filled.map(([group, title]) => (
        <section id={`queue-${group}`} aria-labelledby={`queue-${group}-title`}>
          <h2 id={`queue-${group}-title`}>
            {title} <span class="count">{groups[group].length}</span>
          </h2>
          <ul class="rows">
            {groups[group].map((download) => (
              <DownloadRow page={page} download={download} />
            ))}
          </ul>
        </section>
      ))}
      {filled.length === 0 && (
        <EmptyState icon="download" title="Nothing is being downloaded">
          {page.user?.role === "viewer"
            ? "What is downloaded is listed here, with how far it is and how long it will take."
            : "Paste the address of a video above. It is listed here, with how far it is and how long it will take."}
        </EmptyState>
      )}
    </div>
  );
}
