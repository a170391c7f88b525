import { Hono } from "hono";
import { NewPersonPage } from "../../../views/admin/new-person.tsx";
import { PeoplePage } from "../../../views/admin/people.tsx";
import { paths } from "../../paths.ts";
import { allow } from "../../web/allow.ts";
import type { AppEnv } from "../../web/env.ts";
import { readForm, shownError } from "../../web/forms.ts";
import { pageOf } from "../../web/page.ts";
import { requireUser } from "../../web/session.ts";
import { createResetLink, createUser } from "../accounts/accounts.ts";
import { listPeople } from "./people.ts";
import { pageWithLink, personPages } from "./person-pages.tsx";

export const peoplePages = new Hono<AppEnv>();

const managers = allow("people.manage");

peoplePages.get("/admin/people", managers, (c) => {
  const q = (c.req.query("q") ?? "").slice(0, 200);
  const cursor = c.req.query("cursor");
  const { items, ...rest } = listPeople(c.get("deps"), { q, cursor, limit: 50 });
  const props = { q, goesOn: cursor !== undefined, deleted: c.req.query("done") === "deleted", ...rest };
  return c.html(<PeoplePage page={pageOf(c)} people={items} {...props} />);
});

peoplePages.get("/admin/people/new", managers, (c) => c.html(<NewPersonPage page={pageOf(c)} />));

peoplePages.post("/admin/people/new", managers, async (c) => {
  const deps = c.get("deps");
  const by = requireUser(c);
  const { name = "", email = "", role = "", how = "", password = "" } = await readForm(c);
  const input = { name, email, role };
  try {
    const setsOwn = how !== "password";
    const person = await createUser(deps, by, setsOwn ? input : { ...input, password });
    if (setsOwn) return c.html(pageWithLink(c, person.id, createResetLink(deps, by, person.id)));
    return c.redirect(`${paths.person(person.id)}?done=created`, 303);
  } catch (error) {
    const shown = shownError(error);
    return c.html(<NewPersonPage page={pageOf(c)} values={{ ...input, how }} error={shown} />, shown.status);
  }
});

// After "new", which is nobody's id.
peoplePages.route("/", personPages);
