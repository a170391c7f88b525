import type { PersonItem } from "../../src/features/admin/item.ts";
import type { Page } from "../page.ts";
import { Badge } from "../parts/badge.tsx";
import { Time } from "../parts/time.tsx";
import { DeleteForm } from "./delete-person.tsx";
import { AdminPage, DoneNotice, ShownLink } from "./frame.tsx";
import { AccountForm } from "./person-account.tsx";
import { Fold, Switch, WaysIn } from "./person-acts.tsx";
import { type PersonProps, failedIn } from "./person-props.ts";
import { roleNames } from "./roles.tsx";

const done = {
  created: "The account is made.",
  saved: "Saved.",
  password: "The new password is set. All sessions of this account have ended.",
  sessions: "Logged out everywhere.",
  disabled: "The account is disabled. Its videos stay where they are.",
  enabled: "The account is enabled again.",
};

/** One person: what they are called and may do, how they get in, and how they go. */
export function PersonPage(props: PersonProps) {
  const { page, person, link } = props;
  return (
    <AdminPage page={page} at="People" title={person.name}>
      <Facts page={page} person={person} />
      <Done said={props.done} />
      {link && (
        <ShownLink title={<>A link for {person.name}</>} url={link.url}>
          Hand it over now: it is shown this once. Whoever opens it sets a new password. It works once, and
          ends <Time at={link.expiresAt} now={page.now} />.
        </ShownLink>
      )}
      <div class="person-columns">
        <AccountForm {...props} />
        <div class="person-acts">
          <WaysIn {...props} />
          <Switch {...props} />
          <Fold
            id="delete"
            icon="trash-2"
            title="Delete the account"
            isOpen={props.failed?.form === "delete"}
          >
            <DeleteForm {...props} failed={failedIn("delete", props)} />
          </Fold>
        </div>
      </div>
    </AdminPage>
  );
}

function Facts({ page, person }: { page: Page; person: PersonItem }) {
  const { role, disabled, videos, createdAt, lastLoginAt } = person;
  return (
    <p class="meta person-facts">
      {disabled && (
        <span>
          <Badge kind="bad">Disabled</Badge>
        </span>
      )}
      <span>{roleNames[role]}</span>
      <span>{videos === 1 ? "1 video" : `${videos} videos`}</span>
      <span>
        here since <Time at={createdAt} now={page.now} />
      </span>
      <span>
        {lastLoginAt === null ? (
          "has never logged in"
        ) : (
          <>
            logged in <Time at={lastLoginAt} now={page.now} />
          </>
        )}
      </span>
    </p>
  );
}

function Done({ said }: { said: string | undefined }) {
  const what = Object.entries(done).find(([key]) => key === said)?.[1];
  return what === undefined ? null : <DoneNotice>{what}</DoneNotice>;
}
