import type { Child } from "hono/jsx";
import type { Role } from "../../src/db/schema.ts";
import { paths } from "../../src/paths.ts";
import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";
import { Button, ButtonLink } from "../parts/button.tsx";
import { Field, type FormError, FormNotice, PasswordField } from "../parts/field.tsx";
import { Time } from "../parts/time.tsx";
import { Door, onward, type Way } from "./door.tsx";

/** Of an invitation that can be used: `email` is whom it is for, null for whoever has the link. */
interface Invited {
  inviter: string;
  email: string | null;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

export function RegisterPage(props: {
  page: Page;
  way: Way;
  /** What the account will be. */
  role: Role;
  invite: Invited | null;
  values: { name: string; email: string };
  error?: FormError;
}) {
  const { page, way, role, invite, values, error } = props;
  const at = error ? error.field : "name";
  const heading = invite ? <Invitation invite={invite} /> : undefined;
  return (
    <Door page={page} way={way} at="register" heading={heading} lead={promises[role]}>
      <form class="form" method="post" action={paths.register()}>
        {error && !error.field && <FormNotice error={error} />}
        <input type="hidden" name="next" value={way.next} />
        <input type="hidden" name="invite" value={way.invite} />
        <Field
          name="name"
          label="Your name"
          value={values.name}
          error={error}
          required
          maxlength="100"
          autocomplete="name"
          dir="auto"
          autofocus={at === "name"}
        />
        <EmailField email={values.email} invite={invite} error={error} />
        <PasswordField
          name="password"
          label="Password"
          autocomplete="new-password"
          error={error}
          autofocus={at === "password"}
          note="At least 10 characters; a few words in a row make a good one."
        />
        <Button kind="primary">Make the account</Button>
      </form>
      {invite && (
        <p class="door-foot">
          The invitation works once and ends <Time at={invite.expiresAt} now={page.now} />.
        </p>
      )}
    </Door>
  );
}

const promises: Record<Role, string> = {
  viewer: "With an account you can watch what is on this shelf.",
  user: "With an account you can watch what is on this shelf, and add to it.",
  admin: "With an account you can watch what is on this shelf, add to it, and run it.",
};

function Invitation({ invite }: { invite: Invited }) {
  return (
    <>
      <bdi>{invite.inviter}</bdi> invites you
    </>
  );
}

/** Filled in and fixed where the invitation is for one address. */
function EmailField(props: { email: string; invite: Invited | null; error?: FormError }) {
  const fixed = props.invite?.email ?? null;
  return (
    <Field
      name="email"
      label="E-mail"
      type="email"
      value={fixed ?? props.email}
      readonly={fixed !== null}
      error={props.error}
      autofocus={props.error?.field === "email"}
      note={
        fixed === null ? "You log in with it." : "The invitation is for this address. You log in with it."
      }
      required
      autocomplete="username"
      autocapitalize="none"
      spellcheck="false"
    />
  );
}

/** For who can't make an account here, or not by the link that they have. */
export function NoWayInPage(props: { page: Page; way: Way; hasLink: boolean; why: FormError }) {
  const { page, way, hasLink, why } = props;
  return (
    <Notice page={page} title={why.message} says={why.hint}>
      {hasLink && <p class="soft">If you have made your account already, log in with it.</p>}
      <div class="actions">
        <ButtonLink href={paths.login(onward(way))}>Log in</ButtonLink>
        {way.canRegister && (
          <ButtonLink href={paths.register(undefined, onward(way))} kind="quiet">
            Make an account without it
          </ButtonLink>
        )}
      </div>
    </Notice>
  );
}

/** For who opens an invitation and has an account already. */
export function AlreadyInPage({ page }: { page: Page }) {
  return (
    <Notice
      page={page}
      title="You are logged in already"
      says="An invitation makes a new account, and this one can still be used. To use it yourself, log out first and open the link again."
    >
      <div class="actions">
        <ButtonLink href={paths.gallery()}>To the gallery</ButtonLink>
      </div>
    </Notice>
  );
}

function Notice(props: { page: Page; title: string; says?: string; children: Child }) {
  const { page, title, says, children } = props;
  return (
    <Layout page={page} title={title} current="account">
      <div class="door">
        <div class="door-head">
          <h1>{title}</h1>
          {says && <p class="soft">{says}</p>}
        </div>
        {children}
      </div>
    </Layout>
  );
}
