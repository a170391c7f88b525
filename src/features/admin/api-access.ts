import { createRoute, z } from "@hono/zod-openapi";
import { allow } from "../../web/allow.ts";
import { bodyOf, failure, idParam, isoTime, jsonOf, newApiPart, timeSchema } from "../../web/api.ts";
import { requireUser } from "../../web/session.ts";
import {
  createResetLink,
  disableAccount,
  enableAccount,
  endAllSessions,
  getUser,
  setPassword,
} from "./admin.ts";
import { onePerson, personJson } from "./api-person.ts";
import { originFor } from "../../web/origin.ts";
import { getPerson } from "./people.ts";

const managers = allow("people.manage");
const tags = ["People"];

const linkSchema = z.object({ url: z.string(), expires_at: timeSchema }).openapi("ResetLink");

const resetLinkRoute = createRoute({
  method: "post",
  path: "/admin/users/{id}/reset-link",
  middleware: managers,
  tags,
  summary: "Make a link that sets a new password",
  description: "It works once, and is in this answer and nowhere else. The one before ends.",
  request: { params: idParam },
  responses: { 201: jsonOf(linkSchema, "The link, to be handed over."), ...failure },
});

const passwordRoute = createRoute({
  method: "put",
  path: "/admin/users/{id}/password",
  middleware: managers,
  tags,
  summary: "Set a new password",
  description: "Ends all sessions of the account.",
  request: {
    params: idParam,
    body: bodyOf(z.object({ password: z.string() }).openapi("PersonPassword")),
  },
  responses: { 204: { description: "It is set." }, ...failure },
});

const disableRoute = createRoute({
  method: "post",
  path: "/admin/users/{id}/disable",
  middleware: managers,
  tags,
  summary: "Let an account in no more",
  request: { params: idParam },
  responses: onePerson,
});

const enableRoute = createRoute({
  method: "post",
  path: "/admin/users/{id}/enable",
  middleware: managers,
  tags,
  summary: "Let it in again",
  request: { params: idParam },
  responses: onePerson,
});

const endSessionsRoute = createRoute({
  method: "post",
  path: "/admin/users/{id}/end-sessions",
  middleware: managers,
  tags,
  summary: "Log an account out everywhere",
  request: { params: idParam },
  responses: { 204: { description: "All its sessions have ended." }, ...failure },
});

/** How a person gets in, or does not. */
export const accessApi = newApiPart()
  .openapi(resetLinkRoute, (c) => {
    const { path, expiresAt } = createResetLink(c.get("deps"), requireUser(c), c.req.valid("param").id);
    c.header("Cache-Control", "no-store");
    return c.json({ url: originFor(c) + path, expires_at: isoTime(expiresAt) }, 201);
  })
  .openapi(passwordRoute, async (c) => {
    const { password } = c.req.valid("json");
    await setPassword(c.get("deps"), requireUser(c), c.req.valid("param").id, password);
    return c.body(null, 204);
  })
  .openapi(disableRoute, (c) => {
    const { id } = c.req.valid("param");
    disableAccount(c.get("deps"), requireUser(c), id);
    return c.json(personJson(getPerson(c.get("deps"), id)), 200);
  })
  .openapi(enableRoute, (c) => {
    const { id } = c.req.valid("param");
    enableAccount(c.get("deps"), requireUser(c), id);
    return c.json(personJson(getPerson(c.get("deps"), id)), 200);
  })
  .openapi(endSessionsRoute, (c) => {
    const deps = c.get("deps");
    endAllSessions(deps, requireUser(c), getUser(deps, c.req.valid("param").id));
    return c.body(null, 204);
  });
