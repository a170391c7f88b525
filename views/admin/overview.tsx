import type { Child } from "hono/jsx";
import type { Overview } from "../../src/features/admin/item.ts";
import { formatBytes } from "../../src/lib/bytes.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { ButtonLink } from "../parts/button.tsx";
import { AuditTable } from "./audit.tsx";
import { AdminPage } from "./frame.tsx";

/** How things stand, and what happened last. */
export function OverviewPage({ page, overview }: { page: Page; overview: Overview }) {
  const { people, openInvites, videos, bytes, running, waiting, latest } = overview;
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
      </div>
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
