import { Hono } from "hono";
import type { Context } from "hono";
import { LoginPage } from "../../../views/accounts/login.tsx";
import { NotSetUpPage, SetupPage } from "../../../views/accounts/setup.tsx";
import type { User } from "../../db/schema.ts";
import { paths } from "../../paths.ts";
import type { AppEnv } from "../../web/env.ts";
import { readForm, shownError } from "../../web/forms.ts";
import { limitCodes, limitLogins } from "../../web/limits.ts";
import { pageOf } from "../../web/page.ts";
import { clearSessionCookie, setSessionCookie } from "../../web/session.ts";
import { joinPages, wayOf } from "./joining/pages.tsx";
import { logIn, requireSetupToken, setUpFirstAdmin } from "./sessions/login.ts";
import { ownPages } from "./own/pages.tsx";
import { needsSetup } from "./people.ts";
import { recoveryPages } from "./recovery/pages.tsx";
import { notSetUp } from "./joining/register.ts";
import { logOut } from "./sessions/sessions.ts";

export const accountRoutes = new Hono<AppEnv>();

accountRoutes.route("/", joinPages);
accountRoutes.route("/", recoveryPages);
accountRoutes.route("/", ownPages);

accountRoutes.get("/login", (c) => {
  const { invite = "", next } = c.req.query();
  const way = wayOf(c, invite, next);
  const user = c.get("user");
  if (user) return c.redirect(wayOn(user, way.next));
  if (needsSetup(c.get("deps"))) return c.html(<NotSetUpPage page={pageOf(c)} title={notSetUp().message} />);
  return c.html(<LoginPage page={pageOf(c)} way={way} canMail={canMail(c)} email="" />);
});

accountRoutes.post("/login", async (c) => {
  const { email = "", password = "", invite = "", next } = await readForm(c);
  const way = wayOf(c, invite, next);
  try {
    const session = await limitLogins(c, email, () => logIn(c.get("deps"), email, password));
    setSessionCookie(c, session);
    return c.redirect(wayOn(session.user, way.next), 303);
  } catch (error) {
    const shown = shownError(error);
    const page = { ...pageOf(c), here: paths.login(way.next, invite) };
    return c.html(
      <LoginPage page={page} way={way} canMail={canMail(c)} email={email} error={shown} />,
      shown.status,
    );
  }
});

/** Whether a forgotten password is helped by a mail. */
function canMail(c: Context<AppEnv>): boolean {
  return c.get("deps").mailer.isSetUp;
}

/** Where somebody was going; else what they are here for. */
function wayOn(user: User, next: string): string {
  if (next !== paths.gallery()) return next;
  return user.role === "admin" ? paths.admin() : paths.gallery();
}

accountRoutes.post("/logout", (c) => {
  const [user, credential] = [c.get("user"), c.get("credential")];
  if (user && credential?.kind === "session") logOut(c.get("deps"), user, credential.id);
  clearSessionCookie(c);
  return c.redirect(paths.login(), 303);
});

accountRoutes.get("/setup", (c) => {
  const token = c.req.query("token") ?? "";
  const refusal = refusalOf(c, token);
  if (refusal) return refusal;
  return c.html(<SetupPage page={pageOf(c)} token={token} values={{ name: "", email: "" }} />);
});

accountRoutes.post("/setup", async (c) => {
  limitCodes(c);
  const { token = "", name = "", email = "", password = "" } = await readForm(c);
  const refusal = refusalOf(c, token);
  if (refusal) return refusal;
  try {
    setSessionCookie(c, await setUpFirstAdmin(c.get("deps"), token, { name, email, password }));
    return c.redirect(paths.gallery(), 303);
  } catch (error) {
    const shown = shownError(error);
    return c.html(
      <SetupPage page={pageOf(c)} token={token} values={{ name, email }} error={shown} />,
      shown.status,
    );
  }
});

/** Null where the token lets in; it throws where there is an account to log in with. */
function refusalOf(c: Context<AppEnv>, token: string): Response | Promise<Response> | null {
  try {
    requireSetupToken(c.get("deps"), token);
    return null;
  } catch (error) {
    if (!needsSetup(c.get("deps"))) throw error;
    const { message, status } = shownError(error);
    return c.html(<NotSetUpPage page={pageOf(c)} title={message} />, status);
  }
}
