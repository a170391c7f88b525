import type { PersonItem } from "../../src/features/admin/item.ts";
import { roles } from "../../src/lib/permissions.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Badge } from "../parts/badge.tsx";
import { Button, ButtonLink } from "../parts/button.tsx";
import { EmptyState } from "../parts/empty.tsx";
import { Icon } from "../parts/icons.tsx";
import { Time } from "../parts/time.tsx";
import { AdminPage, DoneNotice } from "./frame.tsx";
import { roleNames } from "./roles.tsx";

export interface PeopleProps {
  page: Page;
  people: PersonItem[];
  /** How many there are with this `q`. */
  total: number;
  q: string;
  nextCursor: string | null;
  /** Whether it goes on from a page before. */
  goesOn: boolean;
  /** Whether an account was just deleted. */
  deleted: boolean;
}

/** Everybody who has an account. */
export function PeoplePage(props: PeopleProps) {
  const { page, people, q, deleted } = props;
  return (
    <AdminPage
      page={page}
      at="People"
      title="People"
      aside={
        <ButtonLink href={paths.newPerson()} kind="primary" icon="user-plus">
          New person
        </ButtonLink>
      }
    >
      {deleted && <DoneNotice>The account is deleted.</DoneNotice>}
      <Search page={page} q={q} />
      <div id="people">
        <p class="admin-count" role="status">
          {countOf(props)}
        </p>
        {people.length > 0 ? <PeopleTable page={page} people={people} /> : <Nobody />}
        <Turns {...props} />
      </div>
    </AdminPage>
  );
}

/** Finds while one types; without scripts, when it is sent. */
function Search({ page, q }: { page: Page; q: string }) {
  return (
    <search class="admin-search">
      <form method="get" action={paths.people()}>
        <Icon name="search" />
        <input
          type="search"
          name="q"
          value={q}
          placeholder="Name or e-mail"
          aria-label="Find people"
          maxlength={200}
          autocomplete="off"
          autocapitalize="none"
          hx-get={paths.people()}
          hx-trigger="input changed delay:200ms"
          hx-sync="this:replace"
          hx-target="#people"
          hx-select="#people"
          hx-swap="outerMorph"
          hx-nonce={page.nonce}
        />
        <button type="submit" class="button">
          Find
        </button>
      </form>
    </search>
  );
}

function PeopleTable({ page, people }: { page: Page; people: PersonItem[] }) {
  return (
    <table class="admin-table people">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Role</th>
          <th scope="col" class="number">
            Videos
          </th>
          <th scope="col">Last login</th>
          <td />
        </tr>
      </thead>
      <tbody>
        {people.map((person) => (
          <PersonRow page={page} person={person} />
        ))}
      </tbody>
    </table>
  );
}

/** Nobody shuts themselves out by one click: for oneself it takes one's own page. */
function PersonRow({ page, person }: { page: Page; person: PersonItem }) {
  const { id, name, email, role, disabled, videos, lastLoginAt } = person;
  const isOneself = id === page.user?.id;
  return (
    <tr id={`person-${id}`} data-disabled={disabled ? "" : undefined}>
      <th scope="row">
        <a href={paths.person(id)} dir="auto">
          {name}
        </a>
        {isOneself && <Badge kind="waiting">You</Badge>}
        {disabled && <Badge kind="bad">Disabled</Badge>}
        <span class="person-email">{email}</span>
      </th>
      <td>{isOneself ? roleNames[role] : <RoleForm page={page} person={person} />}</td>
      <td class="number" data-after={videos === 1 ? "video" : "videos"}>
        {videos}
      </td>
      {lastLoginAt === null ? (
        <td data-after="logged in">never</td>
      ) : (
        <td data-before="logged in">
          <Time at={lastLoginAt} now={page.now} />
        </td>
      )}
      <td class="admin-act">{!isOneself && <SwitchForm page={page} person={person} />}</td>
    </tr>
  );
}

/** Its button appears once another role is chosen: a key that walks through the roles changes nothing yet. */
function RoleForm({ page, person: { id, name, role } }: { page: Page; person: PersonItem }) {
  return (
    <form class="role-form" method="post" action={paths.personRole(id)} data-swap="#people">
      <input type="hidden" name="next" value={page.here} />
      <select name="role" aria-label={`Role of ${name}`} autocomplete="off">
        {roles.toReversed().map((one) => (
          <option value={one} selected={one === role}>
            {roleNames[one]}
          </option>
        ))}
      </select>
      <Button kind="primary">
        Save<span class="visually-hidden"> the role of {name}</span>
      </Button>
    </form>
  );
}

function SwitchForm({ page, person: { id, name, disabled } }: { page: Page; person: PersonItem }) {
  const action = disabled ? paths.personEnable(id) : paths.personDisable(id);
  return (
    <form method="post" action={action} data-swap="#people">
      <input type="hidden" name="next" value={page.here} />
      <Button kind="quiet" icon={disabled ? "check" : "ban"}>
        {disabled ? "Enable" : "Disable"}
        <span class="visually-hidden"> {name}</span>
      </Button>
    </form>
  );
}

function Nobody() {
  return (
    <EmptyState icon="users" title="Nobody found">
      Nobody has this in their name or e-mail.
    </EmptyState>
  );
}

function Turns({ q, nextCursor, goesOn }: PeopleProps) {
  if (nextCursor === null && !goesOn) return null;
  return (
    <div class="admin-turns">
      {goesOn && <ButtonLink href={paths.people({ q })}>To the first</ButtonLink>}
      {nextCursor !== null && (
        <ButtonLink href={paths.people({ q, cursor: nextCursor })}>Show more</ButtonLink>
      )}
    </div>
  );
}

function countOf({ total, q, people, goesOn, nextCursor }: PeopleProps): string {
  const some = goesOn || nextCursor !== null ? `${people.length} of ` : "";
  const who = total === 1 ? "1 person" : `${total} people`;
  return `${some}${who}${q === "" ? "" : ` with “${q}”`}`;
}
