import type { Role } from "../../src/db/schema.ts";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Badge } from "../parts/badge.tsx";
import { Button } from "../parts/button.tsx";
import { EmptyState } from "../parts/empty.tsx";
import { Field, type FormError, FormNotice } from "../parts/field.tsx";
import { Icon } from "../parts/icons.tsx";
import { Time } from "../parts/time.tsx";
import { AdminPage, DoneNotice, ShownLink } from "./frame.tsx";
import { RoleField, roleNames } from "./roles.tsx";

export interface ShownInvite {
  id: string;
  role: Role | null;
  /** Null: for whoever has the link. */
  email: string | null;
  inviter: string;
  /** Null while its mail waits to be sent. */
  tokenHash: string | null;
  createdAt: number;
  expiresAt: number;
}

/** As the form sends them. */
export interface InviteValues {
  role: string;
  email: string;
  send: boolean;
}

export interface InvitesProps {
  page: Page;
  invites: ShownInvite[];
  /** Whether the configuration lets people in by invitation. */
  canInvite: boolean;
  /** Whether Homereel can send mail. */
  canSend: boolean;
  /** Just made: its link, shown here and never again, or the address that it is mailed to. */
  made?: { url: string; expiresAt: number } | { mailedTo: string };
  values?: InviteValues;
  error?: FormError;
}

/** Links that let people make an account. */
export function InvitesPage(props: InvitesProps) {
  const { page, invites, canInvite, made } = props;
  return (
    <AdminPage page={page} at="Invitations" title="Invitations">
      {canInvite && (
        <p class="soft admin-lead">
          Whoever opens an invitation chooses a name and a password of their own. It works once, and for a
          week.
        </p>
      )}
      {made && <Made page={page} made={made} />}
      {canInvite ? <NewInvite {...props} /> : <Closed />}
      <div id="invites">
        {invites.length > 0 ? <InviteTable page={page} invites={invites} /> : canInvite && <None />}
      </div>
    </AdminPage>
  );
}

function Made({ page, made }: { page: Page; made: NonNullable<InvitesProps["made"]> }) {
  if ("mailedTo" in made) {
    return (
      <DoneNotice>
        The invitation is on its way to <bdi>{made.mailedTo}</bdi>.
      </DoneNotice>
    );
  }
  return (
    <ShownLink title="The invitation is made" url={made.url}>
      Hand it over now: it is shown this once. It works once, and ends{" "}
      <Time at={made.expiresAt} now={page.now} />.
    </ShownLink>
  );
}

function NewInvite({ canSend, values, error, invites, made }: InvitesProps) {
  const { role, email, send } = values ?? { role: "viewer", email: "", send: canSend };
  const isOpen = error !== undefined || (invites.length === 0 && !made);
  return (
    <details class="fold" open={isOpen}>
      <summary>
        <Icon name="plus" />
        New invitation
      </summary>
      <form class="fold-body form admin-form" method="post" action={paths.invites()}>
        {error && !["role", "email"].includes(error.field ?? "") && <FormNotice error={error} />}
        <RoleField value={role} error={error} />
        <Field
          name="email"
          label="E-mail (optional)"
          type="email"
          value={email}
          error={error}
          note="Then nobody with another address can use it."
          maxlength="254"
          autocomplete="off"
          autocapitalize="none"
          spellcheck="false"
        />
        {canSend && (
          <label class="choice">
            <input type="checkbox" name="send" value="yes" checked={send} />
            <span>
              Send it by mail
              <small>To that address; else you get a link to hand over</small>
            </span>
          </label>
        )}
        <Button kind="primary" icon="mail">
          Make the invitation
        </Button>
      </form>
    </details>
  );
}

function InviteTable({ page, invites }: { page: Page; invites: ShownInvite[] }) {
  return (
    <table class="admin-table">
      <caption>Open invitations</caption>
      <thead>
        <tr>
          <th scope="col">For</th>
          <th scope="col">Role</th>
          <th scope="col">From</th>
          <th scope="col">Made</th>
          <th scope="col">Ends</th>
          <td />
        </tr>
      </thead>
      <tbody>
        {invites.map((invite) => (
          <InviteRow page={page} invite={invite} />
        ))}
      </tbody>
    </table>
  );
}

function InviteRow({ page, invite }: { page: Page; invite: ShownInvite }) {
  const { id, role, email, inviter, tokenHash, createdAt, expiresAt } = invite;
  const whom = email ?? "whoever has the link";
  return (
    <tr>
      <th scope="row">
        <bdi>{whom}</bdi>
        {tokenHash === null && <Badge kind="waiting">Mail is on its way</Badge>}
      </th>
      <td>{role && roleNames[role]}</td>
      <td data-before="from">
        <bdi>{inviter}</bdi>
      </td>
      <td data-before="made">
        <Time at={createdAt} now={page.now} />
      </td>
      <td data-before="ends">
        <Time at={expiresAt} now={page.now} />
      </td>
      <td class="admin-act">
        <form method="post" action={paths.revokeInvite(id)} data-swap="#invites">
          <Button kind="quiet" icon="x">
            Withdraw<span class="visually-hidden"> the invitation for {whom}</span>
          </Button>
        </form>
      </td>
    </tr>
  );
}

function None() {
  return <p class="soft admin-none">No invitation is open.</p>;
}

function Closed() {
  return (
    <EmptyState icon="lock" title="Nobody can be invited">
      Registration is closed. To invite people, set <code>registration = "invite"</code> under{" "}
      <code>[auth]</code> in the configuration and start Homereel again, or{" "}
      <a href={paths.newPerson()}>make the account yourself</a>.
    </EmptyState>
  );
}
