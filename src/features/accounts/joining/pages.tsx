import { Hono } from "hono";
import type { Context } from "hono";
import type { Way } from "../../../../views/accounts/door.tsx";
import { NotSetUpPage } from "../../../../views/accounts/setup.tsx";
import { AlreadyInPage, NoWayInPage, RegisterPage } from "../../../../views/accounts/register.tsx";
import { paths } from "../../../paths.ts";
import type { AppEnv } from "../../../web/env.ts";
import { readForm, shownError } from "../../../web/forms.ts";
import type { ShownError } from "../../../web/forms.ts";
import { limitCodes, limitRegistrations } from "../../../web/limits.ts";
import { pageOf } from "../../../web/page.ts";
import { safePath } from "../../../web/safe-path.ts";
import { setSessionCookie } from "../../../web/session.ts";
import { needsSetup } from "../people.ts";
import { offersRegistration, register, requireWayIn } from "./register.ts";
import type { WayIn } from "./register.ts";

export const joinPages = new Hono<AppEnv>();

joinPages.get("/register", (c) => {
  const { invite = "", next } = c.req.query();
  const way = wayOf(c, invite, next);
  if (c.get("user")) return invite === "" ? c.redirect(way.next) : c.html(<AlreadyInPage page={pageOf(c)} />);
  if (invite !== "") limitCodes(c);
  return answer(c, way, { name: "", email: "" });
});

joinPages.post("/register", async (c) => {
  const { invite = "", next, name = "", email = "", password = "" } = await readForm(c);
  const way = wayOf(c, invite, next);
  if (c.get("user")) return c.redirect(way.next, 303);
  try {
    limitRegistrations(c);
    setSessionCookie(c, await register(c.get("deps"), { name, email, password }, invite));
    return c.redirect(way.next, 303);
  } catch (error) {
    return answer(c, way, { name, email }, shownError(error));
  }
});

/** What the two doors know of somebody who stands before one of them. */
export function wayOf(c: Context<AppEnv>, invite: string, next: string | undefined): Way {
  return { next: safePath(next), invite, canRegister: offersRegistration(c.get("deps"), invite) };
}

/** The form; or, where it would lead nowhere, why that is so. */
function answer(
  c: Context<AppEnv>,
  way: Way,
  values: { name: string; email: string },
  error?: ShownError,
): Response | Promise<Response> {
  const page = { ...pageOf(c), here: paths.register(way.invite, way.next) };
  const wayIn = findWayIn(c, way);
  if ("message" in wayIn) {
    if (needsSetup(c.get("deps")))
      return c.html(<NotSetUpPage page={page} title={wayIn.message} />, wayIn.status);
    const open = { ...way, canRegister: offersRegistration(c.get("deps"), "") };
    const hasLink = way.invite !== "";
    return c.html(<NoWayInPage page={page} way={open} hasLink={hasLink} why={wayIn} />, wayIn.status);
  }
  return c.html(
    <RegisterPage page={page} way={way} {...wayIn} values={values} error={error} />,
    error?.status,
  );
}

function findWayIn(c: Context<AppEnv>, { invite }: Way): WayIn | ShownError {
  try {
    return requireWayIn(c.get("deps"), invite);
  } catch (error) {
    return shownError(error);
  }
}
