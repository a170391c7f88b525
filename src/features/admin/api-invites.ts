import { createRoute, z } from "@hono/zod-openapi";
import { roles } from "../../lib/permissions.ts";
import { allow } from "../../web/allow.ts";
import { bodyOf, failure, idParam, isoTime, jsonOf, newApiPart, timeSchema } from "../../web/api.ts";
import { requireUser } from "../../web/session.ts";
import { createInvite, listInvites, revokeInvite } from "./admin.ts";
import type { Invite } from "./admin.ts";
import { originFor } from "../../web/origin.ts";

const managers = allow("people.manage");
const tags = ["Invitations"];

const inviteSchema = z
  .object({
    id: z.string(),
    role: z.enum(roles),
    email: z.string().nullable().openapi({ description: "Null: for whoever has the link." }),
    inviter: z.string(),
    created_at: timeSchema,
    expires_at: timeSchema,
  })
  .openapi("Invitation");

const newInviteSchema = z
  .object({
    role: z.enum(roles),
    email: z.string().optional().openapi({ description: "Nobody with another address can use it then." }),
    send: z.boolean().optional().openapi({ description: "Mail it to that address, where mail is set up." }),
  })
  .openapi("NewInvitation");

const madeSchema = z
  .object({
    invitation: inviteSchema,
    url: z.string().nullable().openapi({
      description: "The link, in this answer and nowhere else; null where it is mailed.",
    }),
  })
  .openapi("MadeInvitation");

const listRoute = createRoute({
  method: "get",
  path: "/admin/invites",
  middleware: managers,
  tags,
  summary: "List open invitations, newest first",
  responses: {
    200: jsonOf(
      z.object({ items: z.array(inviteSchema), next_cursor: z.null() }),
      "All that can still be used.",
    ),
    ...failure,
  },
});

const createInviteRoute = createRoute({
  method: "post",
  path: "/admin/invites",
  middleware: managers,
  tags,
  summary: "Invite somebody",
  description: "It lasts a week and works once.",
  request: { body: bodyOf(newInviteSchema) },
  responses: { 201: jsonOf(madeSchema, "The invitation with its link."), ...failure },
});

const revokeRoute = createRoute({
  method: "delete",
  path: "/admin/invites/{id}",
  middleware: managers,
  tags,
  summary: "Withdraw an invitation",
  request: { params: idParam },
  responses: { 204: { description: "Nobody can use it any more." }, ...failure },
});

export const invitesApi = newApiPart()
  .openapi(listRoute, (c) =>
    c.json({ items: listInvites(c.get("deps")).map(inviteJson), next_cursor: null }, 200),
  )
  .openapi(createInviteRoute, (c) => {
    const { invite, path } = createInvite(c.get("deps"), requireUser(c), c.req.valid("json"));
    c.header("Cache-Control", "no-store");
    const url = path === null ? null : originFor(c) + path;
    return c.json({ invitation: inviteJson(invite), url }, 201);
  })
  .openapi(revokeRoute, (c) => {
    revokeInvite(c.get("deps"), requireUser(c), c.req.valid("param").id);
    return c.body(null, 204);
  });

function inviteJson(invite: Invite): z.infer<typeof inviteSchema> {
  const { id, role, email, inviter, createdAt, expiresAt } = invite;
  return {
    id,
    role: role ?? "viewer",
    email,
    inviter,
    created_at: isoTime(createdAt),
    expires_at: isoTime(expiresAt),
  };
}
