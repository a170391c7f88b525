import { createRoute, z } from "@hono/zod-openapi";
import { allow } from "../../../web/allow.ts";
import { bodyOf, failure, idParam, jsonOf, newApiPart } from "../../../web/api.ts";
import { requireUser } from "../../../web/session.ts";
import { optionsPart } from "../api-parts.ts";
import type { ProfileItem } from "../item.ts";
import { deleteProfile, listProfiles, saveProfile, updateProfile } from "./profiles.ts";

const profileSchema = z
  .object({ id: z.string(), name: z.string(), is_default: z.boolean(), options: optionsPart })
  .openapi("DownloadProfile");

const wishSchema = z.object({
  name: z.string(),
  options: optionsPart,
  is_default: z.boolean().optional().openapi({ description: "Taken where a download says nothing else." }),
});

const mayChange = allow("videos.download");

const listRoute = createRoute({
  method: "get",
  path: "/downloads/profiles",
  middleware: allow("downloads.see"),
  tags: ["Downloads"],
  summary: "One's own named choices, by name",
  responses: { 200: jsonOf(z.object({ items: z.array(profileSchema) }), "All of them."), ...failure },
});

const saveRoute = createRoute({
  method: "post",
  path: "/downloads/profiles",
  middleware: mayChange,
  tags: ["Downloads"],
  summary: "Keep a choice under a name; one of that name is written anew",
  request: { body: bodyOf(wishSchema.openapi("DownloadProfileRequest")) },
  responses: { 201: jsonOf(profileSchema, "The profile."), ...failure },
});

const changeRoute = createRoute({
  method: "patch",
  path: "/downloads/profiles/{id}",
  middleware: mayChange,
  tags: ["Downloads"],
  summary: "Change what is given and leave the rest",
  request: { params: idParam, body: bodyOf(wishSchema.partial()) },
  responses: { 200: jsonOf(profileSchema, "The profile."), ...failure },
});

const deleteRoute = createRoute({
  method: "delete",
  path: "/downloads/profiles/{id}",
  middleware: mayChange,
  tags: ["Downloads"],
  summary: "Delete a profile; downloads keep what was chosen",
  request: { params: idParam },
  responses: { 204: { description: "It is gone." }, ...failure },
});

export const profilesApi = newApiPart()
  .openapi(listRoute, (c) =>
    c.json({ items: listProfiles(c.get("deps"), requireUser(c)).map(profileJson) }, 200),
  )
  .openapi(saveRoute, (c) =>
    c.json(profileJson(saveProfile(c.get("deps"), requireUser(c), c.req.valid("json"))), 201),
  )
  .openapi(changeRoute, (c) => {
    const { id } = c.req.valid("param");
    return c.json(profileJson(updateProfile(c.get("deps"), requireUser(c), id, c.req.valid("json"))), 200);
  })
  .openapi(deleteRoute, (c) => {
    deleteProfile(c.get("deps"), requireUser(c), c.req.valid("param").id);
    return c.body(null, 204);
  });

function profileJson({ id, name, isDefault, options }: ProfileItem): z.infer<typeof profileSchema> {
  return { id, name, is_default: isDefault, options };
}
