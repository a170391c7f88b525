import type { Child } from "hono/jsx";
import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Button } from "../parts/button.tsx";
import { Field, type FormError, FormNotice, PasswordField } from "../parts/field.tsx";
import { Icon } from "../parts/icons.tsx";
import { OwnPage } from "./frame.tsx";

const done = {
  name: "Your name is changed.",
  email: "Your e-mail address is changed. Log in with the new one from now on.",
  "email-mailed":
    "A link is on its way to the new address. The address changes as soon as you open it, within 24 hours.",
  password: "Your password is changed. All other sessions have ended.",
};

type FormName = "name" | "email" | "password";

export interface AccountProps {
  page: Page;
  /** Whether there is a current password to be asked for. */
  hasPassword: boolean;
  /** Whether a proxy said who this is. */
  byProxy: boolean;
  mailIsSetUp: boolean;
  /** What was just done: one of the keys above, or whatever stood in the address. */
  done?: string;
  failed?: { form: FormName; error: FormError; values: { name?: string; email?: string } };
}

/** Name, e-mail and password: each a form of its own. */
export function AccountPage(props: AccountProps) {
  return (
    <OwnPage page={props.page} title="Account">
      <NameForm {...props} />
      <EmailForm {...props} />
      <PasswordForm {...props} />
    </OwnPage>
  );
}

function NameForm({ page, failed, ...props }: AccountProps) {
  const { error, values = {} } = of("name", failed);
  return (
    <Part id="name-part" title="Name" about="How others here know you.">
      <form class="form" method="post" action={paths.accountName()}>
        <Done said={props.done} of={["name"]} />
        <Field
          name="name"
          label="Your name"
          value={values.name ?? page.user?.name}
          error={error}
          required
          maxlength="100"
          autocomplete="name"
          dir="auto"
          autofocus={error !== undefined}
        />
        <Button>Save the name</Button>
      </form>
    </Part>
  );
}

function EmailForm({ page, failed, ...props }: AccountProps) {
  const { error, values = {} } = of("email", failed);
  const about = (
    <>
      You log in with <strong class="own-email">{page.user?.email}</strong>.
    </>
  );
  if (props.byProxy) {
    return (
      <Part id="email-part" title="E-mail" about={about}>
        <p class="soft">The proxy that logs you in knows you by it. An admin can change it there and here.</p>
      </Part>
    );
  }
  return (
    <Part id="email-part" title="E-mail" about={about}>
      {/* The answer is shown where the form is, on a small screen too. */}
      <form class="form" method="post" action={`${paths.accountEmail()}#email-part`}>
        <Done said={props.done} of={["email", "email-mailed"]} />
        {error && !error.field && <FormNotice error={error} />}
        <Field
          name="email"
          label="New e-mail"
          type="email"
          value={values.email}
          error={error}
          note={
            props.mailIsSetUp
              ? "We mail a link there. The address changes once you open it."
              : "It changes at once: take care that it is spelled right."
          }
          required
          maxlength="254"
          autocomplete="off"
          autocapitalize="none"
          spellcheck="false"
          autofocus={error?.field === "email"}
        />
        <CurrentPassword {...props} form="email" error={error} />
        <Button>Change the e-mail</Button>
      </form>
    </Part>
  );
}

function PasswordForm({ page, failed, ...props }: AccountProps) {
  const { error } = of("password", failed);
  return (
    <Part
      id="password-part"
      title="Password"
      about={
        props.hasPassword
          ? "A new one ends all other sessions. This one goes on, and so do API tokens."
          : "You came in through a proxy and have none. With one you can log in here as well."
      }
    >
      <form class="form" method="post" action={`${paths.accountPassword()}#password-part`}>
        <Done said={props.done} of={["password"]} />
        {error && !error.field && <FormNotice error={error} />}
        {/* For password managers, to know whose it is. */}
        <input type="email" value={page.user?.email} autocomplete="username" readonly hidden />
        <CurrentPassword {...props} form="password" error={error} />
        <PasswordField
          name="new_password"
          label="New password"
          autocomplete="new-password"
          error={error}
          note="At least 10 characters; a few words in a row make a good one."
          autofocus={error?.field === "new_password"}
        />
        <Button>{props.hasPassword ? "Change the password" : "Set a password"}</Button>
      </form>
    </Part>
  );
}

/** Asked for once more, so that a browser that was left open is not enough. */
function CurrentPassword(props: { hasPassword: boolean; form: FormName; error?: FormError }) {
  const { hasPassword, form, error } = props;
  if (!hasPassword) return null;
  return (
    <PasswordField
      name="current_password"
      id={`${form}-current-password`}
      label="Current password"
      autocomplete="current-password"
      error={error}
      autofocus={error?.field === "current_password"}
    />
  );
}

function Part(props: { id: string; title: string; about: Child; children: Child }) {
  const { id, title, about, children } = props;
  return (
    <section id={id} class="own-part">
      <div class="own-about">
        <h2>{title}</h2>
        <p class="soft">{about}</p>
      </div>
      {children}
    </section>
  );
}

function Done({ said, of }: { said: string | undefined; of: (keyof typeof done)[] }) {
  const what = of.find((one) => one === said);
  if (!what) return null;
  return (
    <p class="own-done" role="status">
      <Icon name="check" />
      {done[what]}
    </p>
  );
}

function of(form: FormName, failed: AccountProps["failed"]): Partial<NonNullable<AccountProps["failed"]>> {
  return failed?.form === form ? failed : {};
}
