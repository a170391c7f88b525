import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Button } from "../parts/button.tsx";
import { Field, type FormError, FormNotice, PasswordField } from "../parts/field.tsx";
import { AdminPage } from "./frame.tsx";
import type { AccountValues } from "./person-props.ts";
import { RoleField } from "./roles.tsx";

/** As the form sends them; `how` is "link" or "password". */
export interface NewPersonValues extends AccountValues {
  how: string;
}

const fresh: NewPersonValues = { name: "", email: "", role: "viewer", how: "link" };
const fields = new Set(["name", "email", "role", "password"]);

/** Makes an account for somebody else. */
export function NewPersonPage(props: { page: Page; values?: NewPersonValues; error?: FormError }) {
  const { page, values = fresh, error } = props;
  return (
    <AdminPage page={page} at="People" title="New person">
      <p class="soft admin-lead">
        To let somebody choose their own name and password, send them an{" "}
        <a href={paths.invites()}>invitation</a> instead.
      </p>
      <form class="form admin-form" method="post" action={paths.newPerson()}>
        {error && !fields.has(error.field ?? "") && <FormNotice error={error} />}
        <Field
          name="name"
          label="Name"
          value={values.name}
          error={error}
          required
          maxlength="100"
          autocomplete="off"
          dir="auto"
          autofocus={error === undefined}
        />
        <Field
          name="email"
          label="E-mail"
          type="email"
          value={values.email}
          error={error}
          note="They log in with it."
          required
          maxlength="254"
          autocomplete="off"
          autocapitalize="none"
          spellcheck="false"
        />
        <RoleField value={values.role} error={error} />
        <fieldset class="choices first-password">
          <legend>Password</legend>
          <Way value="link" now={values.how} label="They set it themselves">
            You get a link to hand over, good for a day
          </Way>
          <Way value="password" now={values.how} label="I set it now">
            And tell it to them
          </Way>
          <PasswordField
            name="password"
            label="Their password"
            autocomplete="new-password"
            error={error}
            note="At least 10 characters; a few words in a row make a good one."
            required={false}
          />
        </fieldset>
        <Button kind="primary">Make the account</Button>
      </form>
    </AdminPage>
  );
}

function Way(props: { value: string; now: string; label: string; children: string }) {
  const { value, now, label, children } = props;
  return (
    <label class="choice">
      <input type="radio" name="how" value={value} checked={now === value} />
      <span>
        {label}
        <small>{children}</small>
      </span>
    </label>
  );
}
