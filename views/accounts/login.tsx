import { paths } from "../../src/paths.ts";
import type { Page } from "../page.ts";
import { Button } from "../parts/button.tsx";
import { Field, type FormError, FormNotice, PasswordField } from "../parts/field.tsx";
import { Door, type Way } from "./door.tsx";

/** `canMail`: whether a forgotten password is helped by a mail, or by an admin. */
export function LoginPage(props: {
  page: Page;
  way: Way;
  email: string;
  canMail: boolean;
  error?: FormError;
}) {
  const { page, way, email, canMail, error } = props;
  return (
    <Door page={page} way={way} at="login">
      <form class="form" method="post" action={paths.login()}>
        {error && !error.field && <FormNotice error={error} />}
        <input type="hidden" name="next" value={way.next} />
        <input type="hidden" name="invite" value={way.invite} />
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
      <p class="door-foot">
        {canMail ? (
          <a href={paths.forgot()}>Forgot your password?</a>
        ) : (
          "Forgot it? An admin can make you a new link."
        )}
      </p>
    </Door>
  );
}
