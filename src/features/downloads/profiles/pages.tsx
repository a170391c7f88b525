import { Hono } from "hono";
import { OptionsFields } from "../../../../views/downloads/options.tsx";
import { ProfilesPage } from "../../../../views/downloads/profiles.tsx";
import { paths } from "../../../paths.ts";
import { allow } from "../../../web/allow.ts";
import type { AppEnv } from "../../../web/env.ts";
import { readLists, shownError } from "../../../web/forms.ts";
import { pageOf } from "../../../web/page.ts";
import { requireUser } from "../../../web/session.ts";
import { optionsOf, textOf } from "../adding/fields.ts";
import { optionsOfForm } from "../adding/pages.tsx";
import { deleteProfile, listProfiles, saveProfile, updateProfile } from "./profiles.ts";

export const profileRoutes = new Hono<AppEnv>();

profileRoutes.get("/downloads/profiles", allow("downloads.see"), (c) =>
  c.html(<ProfilesPage page={pageOf(c)} profiles={listProfiles(c.get("deps"), requireUser(c))} />),
);

/** Keeps what the form for new videos has; a script gets that part of the form again. */
profileRoutes.post("/downloads/profiles", allow("videos.download"), async (c) => {
  const fields = await readLists(c);
  const { deps, user } = { deps: c.get("deps"), user: requireUser(c) };
  const isPart = c.req.header("x-part") !== undefined;
  try {
    const name = textOf(fields, "profile_name");
    const wish = { name, options: optionsOf(fields) ?? {}, is_default: "profile_default" in fields };
    const { name: saved } = saveProfile(deps, user, wish);
    if (!isPart) return c.redirect(paths.profiles(), 303);
    return c.html(<OptionsFields shown={{ ...optionsOfForm(c, fields), saved }} />);
  } catch (error) {
    const shown = shownError(error);
    const field = shown.field === "name" ? "profile_name" : shown.field?.replace(/^options\./, "");
    if (isPart) {
      const part = <OptionsFields shown={optionsOfForm(c, fields)} error={{ ...shown, field }} />;
      return c.html(part, shown.status);
    }
    const profiles = listProfiles(deps, user);
    return c.html(<ProfilesPage page={pageOf(c)} profiles={profiles} error={shown} />, shown.status);
  }
});

profileRoutes.post("/downloads/profiles/:id/default", allow("videos.download"), async (c) => {
  const isDefault = textOf(await readLists(c), "default") !== "no";
  updateProfile(c.get("deps"), requireUser(c), c.req.param("id"), { is_default: isDefault });
  return c.redirect(paths.profiles(), 303);
});

profileRoutes.post("/downloads/profiles/:id/delete", allow("videos.download"), (c) => {
  deleteProfile(c.get("deps"), requireUser(c), c.req.param("id"));
  return c.redirect(paths.profiles(), 303);
});
