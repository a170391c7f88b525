import type { Session } from "../../src/db/schema.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Badge } from "../parts/badge.tsx";
import { Button } from "../parts/button.tsx";
import { Icon } from "../parts/icons.tsx";
import { Time } from "../parts/time.tsx";
import { OwnPage } from "./frame.tsx";

/** Programs that log in for each call can leave thousands. */
const mostShown = 100;

/** `current` is the session that asks; null for who came in without one. */
export function SessionsPage(props: { page: Page; sessions: Session[]; current: string | null }) {
  const { page, sessions, current } = props;
  const isCurrent = ({ id }: Session) => id === current;
  const ordered = [...sessions.filter(isCurrent), ...sessions.filter((one) => !isCurrent(one))];
  return (
    <OwnPage page={page} title="Sessions">
      <p class="soft own-lead">
        Where you are logged in. End what you don't know, and then{" "}
        <a href={paths.account()}>change your password</a>.
      </p>
      <div id="sessions">
        <p class={sessions.length > 0 ? "visually-hidden" : "soft"} role="status">
          {countOf(sessions.length)}
        </p>
        {sessions.length > 0 && (
          <table class="own-table">
            <thead>
              <tr>
                <th scope="col">Device</th>
                <th scope="col">Address</th>
                <th scope="col">Logged in</th>
                <th scope="col">Last used</th>
                <td />
              </tr>
            </thead>
            <tbody>
              {ordered.slice(0, mostShown).map((session) => (
                <SessionRow page={page} session={session} isCurrent={isCurrent(session)} />
              ))}
            </tbody>
          </table>
        )}
        {sessions.length > mostShown && (
          <p class="soft own-rest">
            And {sessions.length - mostShown} more, which were used longer ago: logging out everywhere ends
            them too.
          </p>
        )}
      </div>
      <form class="own-everywhere" method="post" action={paths.logoutEverywhere()}>
        <Button icon="log-out">Log out everywhere</Button>
        <p class="soft">Ends all sessions, this one too. API tokens go on.</p>
      </form>
    </OwnPage>
  );
}

function SessionRow({ page, session, isCurrent }: { page: Page; session: Session; isCurrent: boolean }) {
  const { id, device, address, createdAt, lastUsedAt } = session;
  return (
    <tr>
      <th scope="row">
        <span class="own-name">
          <Icon name="laptop" />
          <span dir="auto">{device}</span>
          {isCurrent && <Badge kind="good">This one</Badge>}
        </span>
      </th>
      <td data-label="Address">
        <bdi>{address || "unknown"}</bdi>
      </td>
      <td data-label="Logged in">
        <Time at={createdAt} now={page.now} />
      </td>
      <td data-label="Last used">{isCurrent ? "now" : <Time at={lastUsedAt} now={page.now} />}</td>
      <td class="own-act">
        {isCurrent ? (
          <form method="post" action={paths.logout()}>
            <Button kind="quiet">Log out</Button>
          </form>
        ) : (
          <form method="post" action={paths.endSession(id)} data-swap="#sessions">
            <Button kind="quiet">
              End<span class="visually-hidden"> the session of {device}</span>
            </Button>
          </form>
        )}
      </td>
    </tr>
  );
}

function countOf(count: number): string {
  if (count === 0) return "No session is open: you came in through a proxy.";
  return count === 1 ? "1 session is open." : `${count} sessions are open.`;
}
