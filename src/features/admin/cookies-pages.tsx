import { Hono } from "hono";
import type { Context } from "hono";
import { CookiesPage } from "../../../views/admin/cookies.tsx";
import type { CookiesProps } from "../../../views/admin/cookies.tsx";
import { paths } from "../../paths.ts";
import { allow } from "../../web/allow.ts";
import type { AppEnv } from "../../web/env.ts";
import { readForm, shownError } from "../../web/forms.ts";
import { pageOf } from "../../web/page.ts";
import { requireUser } from "../../web/session.ts";
import { addCookies, deleteCookies, listCookies, testCookies } from "../downloads/downloads.ts";

export const cookiesPages = new Hono<AppEnv>();

const managers = allow("cookies.manage");

cookiesPages.get("/admin/cookies", managers, (c) =>
  c.html(cookiesPage(c, { site: c.req.query("site")?.slice(0, 200) })),
);

// Where they can't be used they are not shown again either: whoever wants to try again has them.
cookiesPages.post("/admin/cookies", managers, async (c) => {
  const { site = "", cookies = "" } = await readForm(c);
  try {
    const file = (await c.req.parseBody()).file;
    const given = file instanceof File && file.size > 0 ? await file.text() : cookies;
    const jar = addCookies(c.get("deps"), requireUser(c), { site, cookies: given });
    return c.html(cookiesPage(c, { added: jar.site }));
  } catch (error) {
    const shown = shownError(error);
    return c.html(cookiesPage(c, { site, error: shown }), shown.status);
  }
});

cookiesPages.post("/admin/cookies/:site/test", managers, async (c) => {
  const { url = "" } = await readForm(c);
  try {
    const jar = await testCookies(c.get("deps"), c.req.param("site"), url);
    return c.html(cookiesPage(c, { tested: jar }));
  } catch (error) {
    const shown = shownError(error);
    return c.html(cookiesPage(c, { testError: shown }), shown.status);
  }
});

cookiesPages.post("/admin/cookies/:site/delete", managers, (c) => {
  deleteCookies(c.get("deps"), requireUser(c), c.req.param("site"));
  return c.redirect(paths.cookies(), 303);
});

function cookiesPage(c: Context<AppEnv>, state: Omit<CookiesProps, "page" | "jars">) {
  c.header("Cache-Control", "no-store");
  return <CookiesPage page={pageOf(c)} jars={listCookies(c.get("deps"))} {...state} />;
}
