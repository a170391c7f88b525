import type { AuditItem } from "../../src/features/admin/item.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Button, ButtonLink } from "../parts/button.tsx";
import { EmptyState } from "../parts/empty.tsx";
import { Time } from "../parts/time.tsx";
import { AdminPage } from "./frame.tsx";

export interface AuditProps {
  page: Page;
  events: AuditItem[];
  /** All that can be written down, by code, in words. */
  actions: Readonly<Record<string, string>>;
  action: string;
  q: string;
  nextCursor: string | null;
  /** Whether it goes on from a page before. */
  goesOn: boolean;
  keptDays: number;
}

/** Who did what, when and from where. */
export function AuditPage(props: AuditProps) {
  const { page, events, keptDays } = props;
  return (
    <AdminPage page={page} at="Audit log" title="Audit log">
      <p class="soft admin-lead">
        Sign-ins, and what was done to accounts, tokens and videos. Each line is kept for{" "}
        {keptDays === 1 ? "1 day" : `${keptDays} days`} (<code>audit_days</code> under <code>[log]</code>).
      </p>
      <Filter {...props} />
      {events.length > 0 ? <AuditTable page={page} events={events} /> : <Nothing {...props} />}
      <Turns {...props} />
    </AdminPage>
  );
}

function Filter({ actions, action, q }: AuditProps) {
  return (
    <search>
      <form class="audit-filter" method="get" action={paths.audit()}>
        <select name="action" aria-label="What happened">
          <option value="">Everything</option>
          {Object.entries(actions).map(([code, words]) => (
            <option value={code} selected={code === action}>
              {words}
            </option>
          ))}
        </select>
        <input
          type="search"
          name="q"
          value={q}
          placeholder="Name, e-mail or address"
          aria-label="Whom or where"
          maxlength={200}
          autocomplete="off"
          autocapitalize="none"
        />
        <Button>Filter</Button>
        {(q !== "" || action !== "") && (
          <ButtonLink href={paths.audit()} kind="quiet">
            Show everything
          </ButtonLink>
        )}
      </form>
    </search>
  );
}

export function AuditTable({ page, events }: { page: Page; events: AuditItem[] }) {
  return (
    <table class="admin-table audit">
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">Who</th>
          <th scope="col">From</th>
          <th scope="col">When</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <AuditRow page={page} event={event} />
        ))}
      </tbody>
    </table>
  );
}

function AuditRow({ page, event }: { page: Page; event: AuditItem }) {
  const { at, action, what, actorName, subjectName, address, detail } = event;
  return (
    <tr data-action={action}>
      <th scope="row">
        {what}
        {(subjectName !== "" || detail !== "") && (
          <span class="audit-subject">
            {subjectName !== "" && <bdi>{subjectName}</bdi>}
            {detail !== "" && <bdi class="soft">{detail}</bdi>}
          </span>
        )}
      </th>
      <td>
        <bdi>{actorName || nameless(event)}</bdi>
      </td>
      {address === "" ? (
        <td />
      ) : (
        <td data-before="from">
          <bdi>{address}</bdi>
        </td>
      )}
      <td>
        <Time at={at} now={page.now} />
      </td>
    </tr>
  );
}

/** Nobody who is logged in: the machine itself, the command line, or a stranger. */
function nameless({ address }: AuditItem): string {
  if (address === "") return "Homereel";
  return address === "command line" ? "whoever runs Homereel" : "not logged in";
}

function Nothing({ q, action }: AuditProps) {
  const filtered = q !== "" || action !== "";
  return (
    <EmptyState icon="scroll-text" title={filtered ? "Nothing like that" : "Nothing yet"}>
      {filtered
        ? "Nothing that is still kept fits. Take something off the filter."
        : "What happens to accounts is written down here."}
    </EmptyState>
  );
}

function Turns({ q, action, nextCursor, goesOn }: AuditProps) {
  if (nextCursor === null && !goesOn) return null;
  return (
    <div class="admin-turns">
      {goesOn && <ButtonLink href={paths.audit({ q, action })}>To the newest</ButtonLink>}
      {nextCursor !== null && (
        <ButtonLink href={paths.audit({ q, action, cursor: nextCursor })}>Older</ButtonLink>
      )}
    </div>
  );
}
