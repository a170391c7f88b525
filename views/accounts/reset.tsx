import { paths } from "../../src/paths.ts";
import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";
import { Button, ButtonLink } from "../parts/button.tsx";
import { type FormError, FormNotice, PasswordField } from "../parts/field.tsx";

/** `email` is that of the account whose password the link sets. */
export function ResetPage(props: { page: Page; token: string; email: string; error?: FormError }) {
  const { page, token, email, error } = props;
  return (
    <Layout page={page} title="Set a new password" current="account">
      <div class="door">
        <div class="door-head">
          <h1>Set a new password</h1>
          <p class="soft">For {email}. Wherever this account is logged in, it is logged out.</p>
        </div>
        <form class="form" method="post" action={paths.reset()}>
          {error && !error.field && <FormNotice error={error} />}
          <input type="hidden" name="token" value={token} />
          {/* Tells password managers whose password they are to keep. */}
          <input type="email" autocomplete="username" value={email} readonly hidden />
          <PasswordField
            name="password"
            label="New password"
            autocomplete="new-password"
            error={error}
            note="At least 10 characters; a few words in a row make a good one."
            minlength="10"
            maxlength="1000"
            autofocus
          />
          <Button kind="primary">Set the password</Button>
        </form>
      </div>
    </Layout>
  );
}

export function PasswordSetPage({ page }: { page: Page }) {
  return (
    <Layout page={page} title="Your password is changed" current="account">
      <div class="door">
        <div class="door-head">
          <h1>Your password is changed</h1>
          <p class="soft">Log in with it.</p>
        </div>
        <div class="actions">
          <ButtonLink href={paths.login()} kind="primary">
            Log in
          </ButtonLink>
        </div>
      </div>
    </Layout>
  );
}

/** A link that was used, is too old, was replaced by a newer one, or never was. */
export function DeadResetPage({ page, sendsMail }: { page: Page; sendsMail: boolean }) {
  return (
    <Layout page={page} title="This link is not valid any more" current="account">
      <div class="door">
        <div class="door-head">
          <h1>This link is not valid any more</h1>
          <p class="soft">
            It was used already, its time is over, or a newer one was made.{" "}
            {!sendsMail && "Ask an admin for a new link."}
          </p>
        </div>
        <div class="actions">
          {sendsMail && (
            <ButtonLink href={paths.forgot()} kind="primary">
              Send a new link
            </ButtonLink>
          )}
          <ButtonLink href={paths.login()} kind={sendsMail ? "quiet" : "plain"}>
            Log in
          </ButtonLink>
        </div>
      </div>
    </Layout>
  );
}
