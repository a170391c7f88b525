import { createRoute, z } from "@hono/zod-openapi";
import { roles } from "../../lib/permissions.ts";
import { allow } from "../../web/allow.ts";
import { bodyOf, failure, idParam, jsonOf, newApiPart, pagingQuery } from "../../web/api.ts";
import { requireUser } from "../../web/session.ts";
import { changeAccount, createUser, deletePerson, parseFate } from "./admin.ts";
import { onePerson, personJson, personSchema } from "./api-person.ts";
import { getPerson, listPeople } from "./people.ts";

const managers = allow("people.manage");
const tags = ["People"];

const newPersonSchema = z
  .object({
    name: z.string(),
    email: z.string(),
    role: z.enum(roles),
    password: z.string().optional().openapi({
      description: "Without one, nobody logs in with a password until one is set: see `reset-link`.",
    }),
  })
  .openapi("NewPerson");

const changeSchema = z
  .object({
    name: z.string(),
    email: z.string(),
    role: z.enum(roles),
    quota_bytes: z.int().min(0).nullable().openapi({ description: "Null: `uploads.quota`; 0: no limit." }),
  })
  .partial()
  .openapi("PersonChange");

const listRoute = createRoute({
  method: "get",
  path: "/admin/users",
  middleware: managers,
  tags,
  summary: "List people, by name",
  request: {
    query: z.object({
      ...pagingQuery,
      q: z.string().max(200).optional().openapi({ description: "Part of a name or an e-mail." }),
    }),
  },
  responses: {
    200: jsonOf(
      z.object({ items: z.array(personSchema), next_cursor: z.string().nullable() }),
      "A page of people.",
    ),
    ...failure,
  },
});

const createPersonRoute = createRoute({
  method: "post",
  path: "/admin/users",
  middleware: managers,
  tags,
  summary: "Make an account",
  request: { body: bodyOf(newPersonSchema) },
  responses: { 201: jsonOf(personSchema, "The new person."), ...failure },
});

const getRoute = createRoute({
  method: "get",
  path: "/admin/users/{id}",
  middleware: managers,
  tags,
  summary: "One person",
  request: { params: idParam },
  responses: onePerson,
});

const changeRoute = createRoute({
  method: "patch",
  path: "/admin/users/{id}",
  middleware: managers,
  tags,
  summary: "Change name, e-mail, role or quota",
  description: "Another role ends all sessions of the account.",
  request: { params: idParam, body: bodyOf(changeSchema) },
  responses: onePerson,
});

const deleteRoute = createRoute({
  method: "delete",
  path: "/admin/users/{id}",
  middleware: managers,
  tags,
  summary: "Delete an account",
  description: "Who has videos is deleted only where it is said what becomes of them.",
  request: {
    params: idParam,
    query: z.object({
      videos: z.enum(["hand_over", "delete"]).optional(),
      to: z
        .string()
        .optional()
        .openapi({ description: "With `hand_over`: the id of the user or admin who gets them." }),
    }),
  },
  responses: { 204: { description: "It is gone." }, ...failure },
});

export const peopleApi = newApiPart()
  .openapi(listRoute, (c) => {
    const { items, nextCursor } = listPeople(c.get("deps"), c.req.valid("query"));
    return c.json({ items: items.map(personJson), next_cursor: nextCursor }, 200);
  })
  .openapi(createPersonRoute, async (c) => {
    const { id } = await createUser(c.get("deps"), requireUser(c), c.req.valid("json"));
    return c.json(personJson(getPerson(c.get("deps"), id)), 201);
  })
  .openapi(getRoute, (c) => c.json(personJson(getPerson(c.get("deps"), c.req.valid("param").id)), 200))
  .openapi(changeRoute, (c) => {
    const { id } = c.req.valid("param");
    const { quota_bytes: quota, ...change } = c.req.valid("json");
    changeAccount(c.get("deps"), requireUser(c), id, { ...change, quota });
    return c.json(personJson(getPerson(c.get("deps"), id)), 200);
  })
  .openapi(deleteRoute, (c) => {
    const { videos, to } = c.req.valid("query");
    deletePerson(c.get("deps"), requireUser(c), c.req.valid("param").id, parseFate(videos, to));
    return c.body(null, 204);
  });
