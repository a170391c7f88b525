import { Hono } from "hono";
import type { Context } from "hono";
import { PersonPage } from "../../../views/admin/person.tsx";
import type { PersonProps } from "../../../views/admin/person-props.ts";
import { paths } from "../../paths.ts";
import { allow } from "../../web/allow.ts";
import type { AppEnv } from "../../web/env.ts";
import { readForm, shownError } from "../../web/forms.ts";
import { pageOf } from "../../web/page.ts";
import { safePath } from "../../web/safe-path.ts";
import { clearSessionCookie, requireUser } from "../../web/session.ts";
import {
  changeAccount,
  createResetLink,
  disableAccount,
  enableAccount,
  endAllSessions,
  getUser,
  setPassword,
} from "../accounts/accounts.ts";
import { deletePerson, parseFate } from "./admin.ts";
import { originFor } from "../../web/origin.ts";
import { getPerson, listHeirs, usageOfPerson } from "./people.ts";

export const personPages = new Hono<AppEnv>();

const managers = allow("people.manage");

personPages.get("/admin/people/:id", managers, (c) => c.html(personPage(c)));

// Where one stands after a mistake in a form, and may load the page again.
personPages.get("/admin/people/:id/:form", managers, (c) =>
  c.redirect(paths.person(getUser(c.get("deps"), idOf(c)).id)),
);

personPages.post("/admin/people/:id", managers, async (c) => {
  const { name = "", email = "", role = "", quota } = await readForm(c);
  const values = { name, email, role, quota };
  return attempt(c, { form: "account", values }, () => {
    const before = getUser(c.get("deps"), idOf(c));
    const after = changeAccount(c.get("deps"), requireUser(c), idOf(c), values);
    return onward(c, "saved", before.role !== after.role);
  });
});

/** From the list, as the two after it. */
personPages.post("/admin/people/:id/role", managers, async (c) => {
  const { role = "", next } = await readForm(c);
  return attempt(c, { form: "account", values: { role } }, () => {
    changeAccount(c.get("deps"), requireUser(c), idOf(c), { role });
    return onward(c, "saved", true, next);
  });
});

personPages.post("/admin/people/:id/disable", managers, async (c) => {
  const { next } = await readForm(c);
  return attempt(c, { form: "switch" }, () => {
    disableAccount(c.get("deps"), requireUser(c), idOf(c));
    return onward(c, "disabled", true, next);
  });
});

personPages.post("/admin/people/:id/enable", managers, async (c) => {
  const { next } = await readForm(c);
  enableAccount(c.get("deps"), requireUser(c), idOf(c));
  return onward(c, "enabled", false, next);
});

personPages.post("/admin/people/:id/password", managers, async (c) => {
  const { password = "" } = await readForm(c);
  return attempt(c, { form: "password" }, async () => {
    await setPassword(c.get("deps"), requireUser(c), idOf(c), password);
    return onward(c, "password", true);
  });
});

personPages.post("/admin/people/:id/reset-link", managers, (c) =>
  attempt(c, { form: "link" }, () =>
    c.html(pageWithLink(c, idOf(c), createResetLink(c.get("deps"), requireUser(c), idOf(c)))),
  ),
);

personPages.post("/admin/people/:id/end-sessions", managers, (c) => {
  endAllSessions(c.get("deps"), requireUser(c), getUser(c.get("deps"), idOf(c)));
  return onward(c, "sessions", true);
});

personPages.post("/admin/people/:id/delete", managers, async (c) => {
  const { videos = "", to = "" } = await readForm(c);
  return attempt(c, { form: "delete", values: { videos, to } }, () => {
    deletePerson(c.get("deps"), requireUser(c), idOf(c), parseFate(videos, to));
    return onward(c, "deleted", true, `${paths.people()}?done=deleted`);
  });
});

/** The page of a person with a link for them, which is in this answer and nowhere else. */
export function pageWithLink(c: Context<AppEnv>, id: string, link: { path: string; expiresAt: number }) {
  c.header("Cache-Control", "no-store");
  return personPage(c, { link: { url: originFor(c) + link.path, expiresAt: link.expiresAt } }, id);
}

function personPage(c: Context<AppEnv>, state: Pick<PersonProps, "link" | "failed"> = {}, id = idOf(c)) {
  const deps = c.get("deps");
  return (
    <PersonPage
      page={pageOf(c)}
      person={getPerson(deps, id)}
      usage={usageOfPerson(deps, id)}
      heirs={listHeirs(deps, id)}
      done={c.req.query("done")}
      {...state}
    />
  );
}

/** What goes wrong is shown beside the form; to a list that changes in place, as a message. */
async function attempt(
  c: Context<AppEnv>,
  tried: Omit<NonNullable<PersonProps["failed"]>, "error">,
  act: () => Response | Promise<Response>,
): Promise<Response> {
  try {
    return await act();
  } catch (cause) {
    const error = shownError(cause);
    if (error.status === 404 || c.req.header("hx-request")) throw cause;
    return c.html(personPage(c, { failed: { ...tried, error } }), error.status);
  }
}

/** To the page of the person, or where the form stood; who ended their own session is out. */
function onward(
  c: Context<AppEnv>,
  done: string,
  endsSessions: boolean,
  next = `${paths.person(idOf(c))}?done=${done}`,
): Response {
  if (!endsSessions || idOf(c) !== requireUser(c).id) return c.redirect(safePath(next), 303);
  clearSessionCookie(c);
  return c.redirect(paths.login(), 303);
}

function idOf(c: Context<AppEnv>): string {
  return c.req.param("id") ?? "";
}
