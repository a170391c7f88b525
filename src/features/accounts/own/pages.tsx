import { Hono } from "hono";
import type { Context } from "hono";
import { AccountPage } from "../../../../views/account/account.tsx";
import type { AccountProps } from "../../../../views/account/account.tsx";
import { paths } from "../../../paths.ts";
import { allow } from "../../../web/allow.ts";
import type { AppEnv } from "../../../web/env.ts";
import { readForm, shownError } from "../../../web/forms.ts";
import { limitMails, limitPasswords } from "../../../web/limits.ts";
import { pageOf } from "../../../web/page.ts";
import { requireCredential, requireUser, setSessionCookie } from "../../../web/session.ts";
import { changeOwnEmail, changeOwnName, changeOwnPassword, proveOneself } from "./own.ts";
import type { Oneself } from "./own.ts";
import { ownSessionPages } from "./session-pages.tsx";
import { ownTokenPages } from "./token-pages.tsx";

export const ownPages = new Hono<AppEnv>();

ownPages.route("/", ownSessionPages);
ownPages.route("/", ownTokenPages);

const mine = allow("account.change");

ownPages.get("/account", mine, (c) => c.html(accountPage(c)));

// Where one stands after a mistake in a form, and may load the page again.
ownPages.get("/account/:form{name|email|password}", mine, (c) => c.redirect(paths.account()));

ownPages.post("/account/name", mine, async (c) => {
  const { name = "" } = await readForm(c);
  try {
    changeOwnName(c.get("deps"), requireUser(c), name);
    return c.redirect(afterwards("name"), 303);
  } catch (error) {
    return mistake(c, "name", error, { name });
  }
});

ownPages.post("/account/email", mine, async (c) => {
  const deps = c.get("deps");
  const { email = "", current_password = "" } = await readForm(c);
  try {
    await limitPasswords(c, () => proveOneself(deps, oneself(c), current_password));
    if (deps.mailer.isSetUp) limitMails(c, email);
    const outcome = changeOwnEmail(deps, oneself(c), email);
    return c.redirect(afterwards(outcome === "mailed" ? "email-mailed" : "email"), 303);
  } catch (error) {
    return mistake(c, "email", error, { email });
  }
});

ownPages.post("/account/password", mine, async (c) => {
  const deps = c.get("deps");
  const { current_password = "", new_password = "" } = await readForm(c);
  try {
    await limitPasswords(c, () => proveOneself(deps, oneself(c), current_password));
    const session = await changeOwnPassword(deps, oneself(c), new_password);
    if (session) setSessionCookie(c, session);
    return c.redirect(afterwards("password"), 303);
  } catch (error) {
    return mistake(c, "password", error, {});
  }
});

function oneself(c: Context<AppEnv>): Oneself {
  return { user: requireUser(c), credential: requireCredential(c) };
}

function afterwards(done: NonNullable<AccountProps["done"]>): string {
  return `${paths.account()}?done=${done}`;
}

function mistake(
  c: Context<AppEnv>,
  form: "name" | "email" | "password",
  cause: unknown,
  values: { name?: string; email?: string },
) {
  const error = shownError(cause);
  return c.html(accountPage(c, { form, error, values }), error.status);
}

function accountPage(c: Context<AppEnv>, failed?: AccountProps["failed"]) {
  return (
    <AccountPage
      page={pageOf(c)}
      hasPassword={requireUser(c).passwordHash !== ""}
      byProxy={requireCredential(c).kind === "proxy"}
      mailIsSetUp={c.get("deps").mailer.isSetUp}
      done={c.req.query("done")}
      failed={failed}
    />
  );
}
