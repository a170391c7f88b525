import type { Child } from "hono/jsx";
import type { Overview, StorageItem } from "../../src/features/admin/item.ts";
import { formatBytes } from "../../src/lib/bytes.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { ButtonLink } from "../parts/button.tsx";
import { AuditTable } from "./audit.tsx";
import { AdminPage } from "./frame.tsx";
import { RefusedFiles } from "./refused-files.tsx";

/** How things stand, and what happened last. */
export function OverviewPage({ page, overview }: { page: Page; overview: Overview }) {
  const { people, openInvites, videos, bytes, running, waiting, storage, refused, latest } = overview;
  return (
    <AdminPage page={page} at="Overview" title="Overview">
      <div class="figures">
        <Figure href={paths.people()} label={people === 1 ? "person" : "people"} value={people}>
          {openInvites === 1 ? "1 open invitation" : `${openInvites} open invitations`}
        </Figure>
        <Figure href={paths.gallery()} label={videos === 1 ? "video" : "videos"} value={videos}>
          {formatBytes(bytes)} stored
        </Figure>
        <Figure
          href={paths.downloads()}
          label={running === 1 ? "download runs" : "downloads run"}
          value={running}
        >
          {waiting === 0 ? "none waits" : `${waiting} wait`}
        </Figure>
        <StorageFigure storage={storage} />
      </div>
      {refused.total > 0 && <RefusedFiles page={page} {...refused} />}
      <section class="latest" aria-labelledby="latest-title">
        <div class="admin-head">
          <h2 id="latest-title">Latest</h2>
          <ButtonLink href={paths.audit()} kind="quiet">
            All of the audit log
          </ButtonLink>
        </div>
        <AuditTable page={page} events={latest} />
      </section>
    </AdminPage>
  );
}

function Figure(props: { href: string; label: string; value: number; children: Child }) {
  const { href, label, value, children } = props;
  return (
    <a class="figure" href={href}>
      <strong class="numbers-large">{value.toLocaleString("en")}</strong>
      <span>{label}</span>
      <small>{children}</small>
    </a>
  );
}

function StorageFigure({ storage }: { storage: StorageItem }) {
  const { driver, bucket, latencyMs, problem, latencies } = storage;
  const places = { disk: "New files go to the disk", s3: `New files go to the bucket ${bucket}` };
  const other = driver === "disk" && bucket !== null ? `, and not to the bucket ${bucket}` : "";
  return (
    <div class="figure">
      <strong class="numbers-large">{latencyMs === null ? "Away" : formatMs(latencyMs)}</strong>
      <span>{latencyMs === null ? "storage" : "storage latency"}</span>
      <small>{problem ? `${problem.message} ${problem.hint}` : places[driver] + other}</small>
      <Latencies latencies={latencies} />
    </div>
  );
}

const [plotWidth, plotHeight] = [240, 24];

/** One bar a look; without an answer it is as high as can be, and of another colour. */
function Latencies({ latencies }: { latencies: (number | null)[] }) {
  const most = Math.max(1, ...latencies.map((ms) => ms ?? 0));
  const heightOf = (ms: number | null) => (ms === null ? plotHeight : Math.max(1, (ms / most) * plotHeight));
  const first = plotWidth - latencies.length;
  return (
    <svg
      class="plot"
      viewBox={`0 0 ${plotWidth} ${plotHeight}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Answers of the last two hours, ${formatMs(most)} at the most`}
    >
      {latencies.map((ms, i) => (
        <rect
          x={first + i}
          y={plotHeight - heightOf(ms)}
          width="1"
          height={heightOf(ms)}
          class={ms === null ? "away" : undefined}
        />
      ))}
    </svg>
  );
}

function formatMs(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}
