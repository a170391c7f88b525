import { Hono } from "hono";
import type { Context } from "hono";
import {
  ConfirmEmailPage,
  DeadEmailLinkPage,
  EmailChangedPage,
} from "../../../../views/accounts/confirm-email.tsx";
import { ForgotPage, ForgotSentPage } from "../../../../views/accounts/forgot.tsx";
import { DeadResetPage, PasswordSetPage, ResetPage } from "../../../../views/accounts/reset.tsx";
import type { AppEnv } from "../../../web/env.ts";
import { readForm, shownError } from "../../../web/forms.ts";
import type { ShownError } from "../../../web/forms.ts";
import { limitCodes, limitMails } from "../../../web/limits.ts";
import { pageOf } from "../../../web/page.ts";
import { confirmEmail, getNewEmail } from "../own/email-change.ts";
import { forgotPassword, getResetAccount, resetPassword } from "./recovery.ts";

/** What is opened from a mail: opening a link never uses it up, since programs that look through mail open it too. */
export const recoveryPages = new Hono<AppEnv>();

recoveryPages.get("/forgot", (c) => c.html(<ForgotPage page={pageOf(c)} {...sendsMail(c)} email="" />));

recoveryPages.post("/forgot", async (c) => {
  const { email = "" } = await readForm(c);
  limitMails(c, email);
  try {
    forgotPassword(c.get("deps"), email);
    return c.html(<ForgotSentPage page={pageOf(c)} email={email.trim()} />);
  } catch (error) {
    const shown = shownError(error);
    return c.html(
      <ForgotPage page={pageOf(c)} {...sendsMail(c)} email={email} error={shown} />,
      shown.status,
    );
  }
});

recoveryPages.get("/reset", (c) => {
  limitCodes(c);
  return resetPage(c, c.req.query("token"));
});

recoveryPages.post("/reset", async (c) => {
  limitCodes(c);
  const { token = "", password = "" } = await readForm(c);
  try {
    await resetPassword(c.get("deps"), token, password);
    // If it was this account that was logged in here, it is no more.
    c.set("user", null);
    return c.html(<PasswordSetPage page={pageOf(c)} />);
  } catch (error) {
    return resetPage(c, token, shownError(error));
  }
});

function resetPage(c: Context<AppEnv>, token = "", error?: ShownError): Response | Promise<Response> {
  try {
    const { email } = getResetAccount(c.get("deps"), token);
    return c.html(<ResetPage page={pageOf(c)} token={token} email={email} error={error} />, error?.status);
  } catch (dead) {
    return c.html(<DeadResetPage page={pageOf(c)} {...sendsMail(c)} />, shownError(dead).status);
  }
}

recoveryPages.get("/confirm-email", (c) => {
  limitCodes(c);
  return confirmPage(c, c.req.query("token"));
});

recoveryPages.post("/confirm-email", async (c) => {
  limitCodes(c);
  const { token = "" } = await readForm(c);
  try {
    const changed = confirmEmail(c.get("deps"), token);
    if (c.get("user")?.id === changed.id) c.set("user", changed);
    return c.html(<EmailChangedPage page={pageOf(c)} email={changed.email} />);
  } catch (error) {
    return confirmPage(c, token, shownError(error));
  }
});

function confirmPage(c: Context<AppEnv>, token = "", error?: ShownError): Response | Promise<Response> {
  try {
    const email = getNewEmail(c.get("deps"), token);
    return c.html(
      <ConfirmEmailPage page={pageOf(c)} token={token} email={email} error={error} />,
      error?.status,
    );
  } catch (dead) {
    return c.html(<DeadEmailLinkPage page={pageOf(c)} />, shownError(dead).status);
  }
}

function sendsMail(c: Context<AppEnv>): { sendsMail: boolean } {
  return { sendsMail: c.get("deps").mailer.isSetUp };
}
