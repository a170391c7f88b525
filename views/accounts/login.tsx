import { paths } from "../../src/paths.ts";
import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";
import { Button } from "../parts/button.tsx";
import { Field, type FormError, FormNotice, PasswordField } from "../parts/field.tsx";

/** `next` is where the person wanted to go. */
export function LoginPage(props: { page: Page; next: string; email: string; error?: FormError }) {
  const { page, next, email, error } = props;
  return (
    <Layout page={page} title="Log in" current="account">
      <div class="door">
        <h1>Log in</h1>
        <form class="form" method="post" action={paths.login()}>
          {error && !error.field && <FormNotice error={error} />}
          <input type="hidden" name="next" value={next} />
          <Field
            name="email"
            label="E-mail"
            type="email"
            value={email}
            error={error}
            required
            autocomplete="username"
            autocapitalize="none"
            spellcheck="false"
            autofocus={email === ""}
          />
          <PasswordField
            name="password"
            label="Password"
            autocomplete="current-password"
            error={error}
            autofocus={email !== ""}
          />
          <Button kind="primary">Log in</Button>
        </form>
      </div>
    </Layout>
  );
}
