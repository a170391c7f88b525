import { Hono } from "hono";
import type { Context } from "hono";
import { InvitesPage } from "../../../views/admin/invites.tsx";
import type { InvitesProps } from "../../../views/admin/invites.tsx";
import { paths } from "../../paths.ts";
import { allow } from "../../web/allow.ts";
import type { AppEnv } from "../../web/env.ts";
import { readForm, shownError } from "../../web/forms.ts";
import { pageOf } from "../../web/page.ts";
import { requireUser } from "../../web/session.ts";
import { createInvite, listInvites, revokeInvite } from "../accounts/accounts.ts";
import { originFor } from "../../web/origin.ts";

export const invitesPages = new Hono<AppEnv>();

const managers = allow("people.manage");

invitesPages.get("/admin/invites", managers, (c) => c.html(invitesPage(c)));

// The new link is in this very answer: an address that it was in would be kept by browsers and proxies.
invitesPages.post("/admin/invites", managers, async (c) => {
  const { role = "", email = "", send } = await readForm(c);
  const values = { role, email, send: send === "yes" };
  try {
    const { invite, path } = createInvite(c.get("deps"), requireUser(c), values);
    const { expiresAt } = invite;
    const made =
      path === null ? { mailedTo: invite.email ?? email } : { url: originFor(c) + path, expiresAt };
    c.header("Cache-Control", "no-store");
    return c.html(invitesPage(c, { made }));
  } catch (error) {
    const shown = shownError(error);
    return c.html(invitesPage(c, { values, error: shown }), shown.status);
  }
});

invitesPages.post("/admin/invites/:id/revoke", managers, (c) => {
  revokeInvite(c.get("deps"), requireUser(c), c.req.param("id"));
  return c.redirect(paths.invites(), 303);
});

function invitesPage(c: Context<AppEnv>, state: Pick<InvitesProps, "made" | "values" | "error"> = {}) {
  const { config, mailer, ...deps } = c.get("deps");
  return (
    <InvitesPage
      page={pageOf(c)}
      invites={listInvites(deps)}
      canInvite={config.auth.registration !== "closed"}
      canSend={mailer.isSetUp}
      {...state}
    />
  );
}
