import { paths } from "../../src/paths.ts";
import { Layout } from "../layout.tsx";
import type { Page } from "../page.ts";
import { Button, ButtonLink } from "../parts/button.tsx";
import { Field, type FormError, FormNotice } from "../parts/field.tsx";

/** `sendsMail` false: there is no form, for nobody could be sent a link. */
export function ForgotPage(props: { page: Page; sendsMail: boolean; email: string; error?: FormError }) {
  const { page, sendsMail, email, error } = props;
  return (
    <Layout page={page} title="Forgot your password" current="account">
      <div class="door">
        <div class="door-head">
          <h1>Forgot your password?</h1>
          <p class="soft">
            {sendsMail
              ? "Type the e-mail that you log in with. We send a link there that sets a new password."
              : "This Homereel sends no mail. Ask an admin: they can make you a link that sets a new password."}
          </p>
        </div>
        {sendsMail && <ForgotForm email={email} error={error} />}
        <p class="door-foot">
          <a href={paths.login()}>Back to log in</a>
        </p>
      </div>
    </Layout>
  );
}

function ForgotForm({ email, error }: { email: string; error?: FormError }) {
  return (
    <form class="form" method="post" action={paths.forgot()}>
      {error && !error.field && <FormNotice error={error} />}
      <Field
        name="email"
        label="E-mail"
        type="email"
        value={email}
        error={error}
        required
        maxlength="254"
        autocomplete="username"
        autocapitalize="none"
        spellcheck="false"
        autofocus
      />
      <Button kind="primary">Send the link</Button>
    </form>
  );
}

/** The same for every address, whether or not somebody has it. */
export function ForgotSentPage({ page, email }: { page: Page; email: string }) {
  return (
    <Layout page={page} title="Look into your mail" current="account">
      <div class="door">
        <div class="door-head">
          <h1>Look into your mail</h1>
          <p>
            If there is an account with the e-mail <strong>{email}</strong>, a link that sets a new password
            is on its way. It can be used once, within 30 minutes.
          </p>
        </div>
        <p class="soft">
          Nothing after a few minutes? Look among the spam, and check that this is the address of your
          account.
        </p>
        <div class="actions">
          <ButtonLink href={paths.forgot()}>Ask again</ButtonLink>
          <ButtonLink href={paths.login()} kind="quiet">
            Log in
          </ButtonLink>
        </div>
      </div>
    </Layout>
  );
}
