import { Hono } from "hono";
import type { Context } from "hono";
import { OptionsFields } from "../../../../views/downloads/options.tsx";
import { DownloadsPage } from "../../../../views/downloads/page.tsx";
import { Previews } from "../../../../views/downloads/preview.tsx";
import type { PreviewShown } from "../../../../views/downloads/preview-shown.ts";
import { usualOptions } from "../../../lib/download-options.ts";
import { paths } from "../../../paths.ts";
import { allow } from "../../../web/allow.ts";
import type { AppEnv } from "../../../web/env.ts";
import { readLists, shownError } from "../../../web/forms.ts";
import type { ShownError } from "../../../web/forms.ts";
import { pageOf } from "../../../web/page.ts";
import { requireUser } from "../../../web/session.ts";
import { shownOptions, textOf, wishesOf } from "./fields.ts";
import type { Fields } from "./fields.ts";
import { groupDownloads } from "../downloads.ts";
import { previewUrls } from "../preview/preview.ts";
import { chosenOptions, listProfiles, requireProfile } from "../profiles/profiles.ts";
import { bookmarklet, sharedLink } from "./shared-link.ts";
import { startDownloads } from "../start.ts";

export const addRoutes = new Hono<AppEnv>();

type Ctx = Context<AppEnv>;

/** With ?url= (a bookmark) or what a phone shares, the box is filled in; nothing is asked of that address yet. */
addRoutes.get("/downloads", allow("downloads.see"), (c) =>
  c.html(
    downloadsPage(
      c,
      { urls: [sharedLink(c.req.query())] },
      { leftOut: wholeNumber(c.req.query("left_out") ?? "") ?? 0 },
    ),
  ),
);

addRoutes.post("/downloads", allow("videos.download"), async (c) => {
  const fields = await readLists(c);
  const user = requireUser(c);
  try {
    startDownloads(
      c.get("deps"),
      user,
      wishesOf(fields, () => chosenOptions(c.get("deps"), user)),
    );
    return c.redirect(paths.downloads(), 303);
  } catch (error) {
    const shown = inForm(shownError(error));
    return c.html(downloadsPage(c, fields, { error: shown }), shown.status);
  }
});

/** What the addresses would bring: the part of the page alone where a script asks, else the whole of it. */
addRoutes.post("/downloads/preview", allow("videos.download"), async (c) => {
  const fields = await readLists(c);
  const isPart = c.req.header("x-part") !== undefined;
  try {
    const preview = await lookAtFields(c, fields);
    return c.html(
      isPart ? (
        <Previews page={{ user: requireUser(c) }} shown={preview} />
      ) : (
        downloadsPage(c, fields, { preview })
      ),
    );
  } catch (error) {
    const shown = inForm(shownError(error));
    const nothing = { ...shownChoice(fields), items: [], error: shown };
    const part = isPart ? (
      <Previews page={{ user: requireUser(c) }} shown={nothing} />
    ) : (
      downloadsPage(c, fields, { error: shown })
    );
    return c.html(part, shown.status);
  }
});

/** For the form that was made without them; with ?profile= as that has them. */
addRoutes.get("/downloads/options", allow("downloads.see"), (c) => {
  const use = c.req.query("profile") ?? "";
  return c.html(<OptionsFields shown={optionsOfForm(c, use === "" ? {} : { use: [use] })} />);
});

/** Without an address only the form is shown again, as after a profile was chosen. */
async function lookAtFields(c: Ctx, fields: Fields): Promise<PreviewShown | null> {
  if (textOf(fields, "urls").trim() === "" && "use" in fields) return null;
  const shown = shownChoice(fields);
  const wishes = {
    urls: textOf(fields, "urls"),
    playlist: shown.wholeList,
    limit: shown.limit,
    filter: shown.filter.slice(0, 200),
    page: numberOf(fields, "page") ?? 1,
    preset: shownOptions(fields)?.preset,
    force_long: "force_long" in fields,
  };
  const { deps, user } = { deps: c.get("deps"), user: requireUser(c) };
  const items = await previewUrls(deps, user, wishes, c.req.raw.signal);
  const preset = wishes.preset ?? chosenOptions(deps, user).preset;
  return { ...shown, items, preset };
}

function shownChoice(fields: Fields): Omit<PreviewShown, "items"> {
  const lookedAt = textOf(fields, "urls").trim();
  const isSame = textOf(fields, "looked_at") === lookedAt;
  return {
    lookedAt,
    preset: shownOptions(fields)?.preset ?? usualOptions.preset,
    chosen: isSame && "items" in fields ? textOf(fields, "items") : null,
    limit: (isSame ? numberOf(fields, "limit") : null) ?? 1000,
    filter: isSame ? textOf(fields, "filter") : "",
    wholeList: "playlist" in fields,
    isRow: "row" in fields,
  };
}

function downloadsPage(
  c: Ctx,
  fields: Fields,
  more: { error?: ShownError; preview?: PreviewShown | null; leftOut?: number } = {},
) {
  const { deps, user } = { deps: c.get("deps"), user: requireUser(c) };
  const page = pageOf(c);
  const values = {
    urls: textOf(fields, "urls"),
    title: textOf(fields, "title"),
    tags: textOf(fields, "tags"),
    visibility: textOf(fields, "visibility") || page.newVisibility,
  };
  const origin = deps.config.server.public_url || new URL(c.req.url).origin;
  return (
    <DownloadsPage
      page={page}
      groups={groupDownloads(deps, user)}
      values={values}
      options={optionsOfForm(c, fields)}
      unfolded={"use" in fields}
      bookmarklet={bookmarklet(origin, paths.downloads())}
      {...more}
    />
  );
}

/** As the form had them, as the profile has them that was just picked, or as the person's default has them. */
export function optionsOfForm(c: Ctx, fields: Fields) {
  const { deps, user } = { deps: c.get("deps"), user: requireUser(c) };
  const use = textOf(fields, "use");
  return {
    options:
      (use === "" ? shownOptions(fields) : requireProfile(deps, user, use).options) ??
      chosenOptions(deps, user),
    forceLong: "force_long" in fields,
    profiles: listProfiles(deps, user),
  };
}

/** The form's fields have the names of the options, without where they are in. */
function inForm(error: ShownError): ShownError {
  return { ...error, field: error.field?.replace(/^options\./, "") };
}

function numberOf(fields: Fields, name: string): number | null {
  return wholeNumber(textOf(fields, name));
}

function wholeNumber(text: string): number | null {
  return /^\d{1,5}$/.test(text) ? Number(text) : null;
}
