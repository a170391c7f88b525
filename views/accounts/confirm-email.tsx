import { paths } from "../../src/paths.ts";
import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";
import { Button, ButtonLink } from "../parts/button.tsx";
import { type FormError, FormNotice } from "../parts/field.tsx";

/** One button, for programs that look through mail open links too, and press none. */
export function ConfirmEmailPage(props: { page: Page; token: string; email: string; error?: FormError }) {
  const { page, token, email, error } = props;
  return (
    <Layout page={page} title="Confirm your e-mail" current="account">
      <div class="door">
        <div class="door-head">
          <h1>Confirm your e-mail</h1>
          <p>
            <strong>{email}</strong> becomes the e-mail of your Homereel account. You log in with it from then
            on.
          </p>
        </div>
        <form class="form" method="post" action={paths.confirmEmail()}>
          <FormNotice error={error} />
          <input type="hidden" name="token" value={token} />
          <Button kind="primary">Confirm</Button>
        </form>
      </div>
    </Layout>
  );
}

export function EmailChangedPage({ page, email }: { page: Page; email: string }) {
  return (
    <Layout page={page} title="Your e-mail is changed" current="account">
      <div class="door">
        <div class="door-head">
          <h1>Your e-mail is changed</h1>
          <p>
            Log in with <strong>{email}</strong> from now on.
          </p>
        </div>
        <div class="actions">
          <WayOn page={page} />
        </div>
      </div>
    </Layout>
  );
}

/** A link that was used, is too old, was replaced by a newer one, or never was. */
export function DeadEmailLinkPage({ page }: { page: Page }) {
  return (
    <Layout page={page} title="This link is not valid any more" current="account">
      <div class="door">
        <div class="door-head">
          <h1>This link is not valid any more</h1>
          <p class="soft">
            It was used already, its time is over, or something about the account was changed since. To get a
            new one, change the e-mail once more on the page of your account.
          </p>
        </div>
        <div class="actions">
          <WayOn page={page} />
        </div>
      </div>
    </Layout>
  );
}

function WayOn({ page }: { page: Page }) {
  return page.user ? (
    <ButtonLink href={paths.account()}>To your account</ButtonLink>
  ) : (
    <ButtonLink href={paths.login(paths.account())}>Log in</ButtonLink>
  );
}
