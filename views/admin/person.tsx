import type { Child } from "hono/jsx";
import type { PersonItem } from "../../src/features/admin/item.ts";
import { formatBytes } from "../../src/lib/bytes.ts";
import { exactQuota } from "../../src/lib/quota.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Badge } from "../parts/badge.tsx";
import { Button } from "../parts/button.tsx";
import { Field, type FormError, FormNotice, PasswordField } from "../parts/field.tsx";
import { Icon, type IconName } from "../parts/icons.tsx";
import { Time } from "../parts/time.tsx";
import { DeleteForm, type FateValues, type Heir } from "./delete-person.tsx";
import { AdminPage, DoneNotice, ShownLink } from "./frame.tsx";
import { RoleField, roleNames } from "./roles.tsx";

const done = {
  created: "The account is made.",
  saved: "Saved.",
  password: "The new password is set. All sessions of this account have ended.",
  sessions: "Logged out everywhere.",
  disabled: "The account is disabled. Its videos stay where they are.",
  enabled: "The account is enabled again.",
};

export interface AccountValues {
  name: string;
  email: string;
  role: string;
  /** A size, `none` or `default`. */
  quota?: string;
}

export interface PersonProps {
  page: Page;
  person: PersonItem;
  /** What all their files take and may take; null where there is no limit. */
  usage: { usedBytes: number; quotaBytes: number | null };
  /** To whom the videos can be handed over. */
  heirs: Heir[];
  /** What was just done: one of the keys above, or whatever stood in the address. */
  done?: string;
  /** Just made; shown here and never again. */
  link?: { url: string; expiresAt: number };
  failed?: {
    form: "account" | "password" | "link" | "sessions" | "switch" | "delete";
    error: FormError;
    values?: Partial<AccountValues & FateValues>;
  };
}

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
            <DeleteForm {...props} failed={of("delete", props)} />
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

function AccountForm(props: PersonProps) {
  const { page, person, usage } = props;
  const { error, values = {} } = of("account", props) ?? {};
  return (
    <form class="form" method="post" action={paths.person(person.id)}>
      {error && !isOfField(error) && <FormNotice error={error} />}
      <Field
        name="name"
        label="Name"
        value={values.name ?? person.name}
        error={error}
        required
        maxlength="100"
        autocomplete="off"
        dir="auto"
      />
      <Field
        name="email"
        label="E-mail"
        type="email"
        value={values.email ?? person.email}
        error={error}
        required
        maxlength="254"
        autocomplete="off"
        autocapitalize="none"
        spellcheck="false"
      />
      <RoleField value={values.role ?? person.role} error={error} />
      <Field
        name="quota"
        label="Space"
        value={values.quota ?? exactQuota(person.quotaBytes)}
        error={error}
        note={<SpaceNote {...usage} />}
        maxlength="20"
        autocomplete="off"
        spellcheck="false"
      />
      {person.id === page.user?.id && (
        <p class="field-note">This is your own account: with another role you have to log in again.</p>
      )}
      <Button kind="primary">Save</Button>
    </form>
  );
}

function SpaceNote({ usedBytes, quotaBytes }: PersonProps["usage"]) {
  const most = quotaBytes === null ? "" : ` of ${formatBytes(quotaBytes)}`;
  return (
    <>
      {formatBytes(usedBytes)}
      {most} in use. A size like 50 GB, “none” for no limit, or “default” for what is set for everybody.
    </>
  );
}

function WaysIn(props: PersonProps) {
  const { person } = props;
  const { id, hasPassword } = person;
  const failed = of("password", props);
  return (
    <>
      <Fold
        id="password-part"
        icon="key-round"
        title={hasPassword ? "Set a new password" : "Set a password"}
        isOpen={failed !== null}
      >
        <form class="form" method="post" action={`${paths.personPassword(id)}#password-part`}>
          {failed && !failed.error.field && <FormNotice error={failed.error} />}
          <PasswordField
            name="password"
            label="New password"
            autocomplete="new-password"
            error={failed?.error}
            note="At least 10 characters. Tell it to nobody else; all sessions of the account end."
          />
          <Button>Set the password</Button>
        </form>
      </Fold>
      <Act
        icon="link"
        label="Make a link that sets a new password"
        action={paths.personResetLink(id)}
        failed={of("link", props)}
      />
      <Act
        icon="log-out"
        label="Log out everywhere"
        action={paths.personLogout(id)}
        failed={of("sessions", props)}
      />
    </>
  );
}

function Switch(props: PersonProps) {
  const { page, person } = props;
  const { id, disabled } = person;
  const failed = of("switch", props);
  if (disabled) {
    return <Act icon="check" label="Enable the account" action={paths.personEnable(id)} failed={failed} />;
  }
  const isOneself = id === page.user?.id;
  return (
    <Fold id="disable" icon="ban" title="Disable the account" isOpen={failed !== null}>
      <form class="form" method="post" action={`${paths.personDisable(id)}#disable`}>
        {failed && <FormNotice error={failed.error} />}
        <p>
          {isOneself
            ? "You are logged out at once, and can't log in any more until another admin enables you."
            : "Nobody can log in with it, and its sessions and tokens let nobody in. All its videos stay."}
        </p>
        <Button kind={isOneself ? "danger" : "plain"}>
          {isOneself ? "Disable my account" : "Disable it"}
        </Button>
      </form>
    </Fold>
  );
}

/** What is done at once. */
function Act(props: {
  icon: IconName;
  label: string;
  action: string;
  failed: NonNullable<PersonProps["failed"]> | null;
}) {
  const { icon, label, action, failed } = props;
  return (
    <form class="person-act" method="post" action={action}>
      <Button kind="quiet" icon={icon}>
        {label}
      </Button>
      {failed && <FormNotice error={failed.error} />}
    </form>
  );
}

/** The answer to a mistake in it is shown where it is, on a small screen too. */
function Fold(props: { id: string; icon: IconName; title: string; isOpen: boolean; children: Child }) {
  return (
    <details id={props.id} class="fold" open={props.isOpen}>
      <summary>
        <Icon name={props.icon} />
        {props.title}
      </summary>
      <div class="fold-body">{props.children}</div>
    </details>
  );
}

function Done({ said }: { said: string | undefined }) {
  const what = Object.entries(done).find(([key]) => key === said)?.[1];
  return what === undefined ? null : <DoneNotice>{what}</DoneNotice>;
}

type FormName = NonNullable<PersonProps["failed"]>["form"];

function of(form: FormName, { failed }: PersonProps): NonNullable<PersonProps["failed"]> | null {
  return failed?.form === form ? failed : null;
}

function isOfField({ field = "" }: FormError): boolean {
  return ["name", "email", "role", "quota"].includes(field);
}
