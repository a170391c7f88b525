import { paths } from "../../src/paths.ts";
import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";
import { Button } from "../parts/button.tsx";
import { Field, type FormError, FormNotice, PasswordField } from "../parts/field.tsx";

/** Makes the first administrator; the token is the one that the first start printed. */
export function SetupPage(props: {
  page: Page;
  token: string;
  values: { name: string; email: string };
  error?: FormError;
}) {
  const { page, token, values, error } = props;
  /** Where one goes on. */
  const at = error?.field ?? "name";
  return (
    <Layout page={page} title="Set up" current="account">
      <div class="door">
        <h1>Welcome to Homereel</h1>
        <p class="soft">Make the first account. It belongs to the administrator of this shelf.</p>
        <form class="form" method="post" action={paths.setup()}>
          {error && !error.field && <FormNotice error={error} />}
          <input type="hidden" name="token" value={token} />
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
          <Field
            name="email"
            label="E-mail"
            type="email"
            value={values.email}
            error={error}
            note="You log in with it."
            required
            autocomplete="username"
            autocapitalize="none"
            spellcheck="false"
            autofocus={at === "email"}
          />
          <PasswordField
            name="password"
            label="Password"
            autocomplete="new-password"
            error={error}
            note="At least 10 characters; a few words in a row make a good one."
            autofocus={at === "password"}
          />
          <Button kind="primary">Make the account</Button>
        </form>
      </div>
    </Layout>
  );
}

/** For everybody who comes before there is an account, without the link that makes one: there is nothing to log in with. */
export function NotSetUpPage({ page, title }: { page: Page; title: string }) {
  return (
    <Layout page={page} title={title} current="account">
      <div class="door">
        <h1>{title}</h1>
        <p class="soft">Nobody has an account here yet. There are two ways to make the first:</p>
        <ul class="set-up-ways">
          <li>
            Restart Homereel, and open the link that its start prints to the log. It is good for 30 minutes.
          </li>
          <li>
            Or, at the machine that it runs on:{" "}
            <code>
              homereel users create you@example.org <span>--role admin</span>
            </code>{" "}
            and then <a href={paths.login()}>log in</a>.
          </li>
        </ul>
      </div>
    </Layout>
  );
}
