import { createRoute, z } from "@hono/zod-openapi";
import { allow } from "../../web/allow.ts";
import { bodyOf, failure, isoTime, jsonOf, newApiPart, timeSchema } from "../../web/api.ts";
import { requireUser } from "../../web/session.ts";
import { addCookies, deleteCookies, listCookies, testCookies } from "./admin.ts";

const managers = allow("cookies.manage");
const tags = ["Cookies"];
const request = { params: z.object({ site: z.string().openapi({ example: "example.org" }) }) };

const jarSchema = z
  .object({
    site: z.string(),
    added_by: z.string(),
    added_at: timeSchema,
    expires_at: timeSchema.nullable().openapi({ description: "When the login in them ends; null: unknown." }),
    tested_at: timeSchema.nullable(),
    test_error: z.string().nullable().openapi({ description: "What the last test found wrong." }),
  })
  .openapi("CookieJar");

const listRoute = createRoute({
  method: "get",
  path: "/admin/cookies",
  middleware: managers,
  tags,
  summary: "List the sites that there are cookies for",
  description: "What is in them can't be read again.",
  responses: {
    200: jsonOf(z.object({ items: z.array(jarSchema), next_cursor: z.null() }), "All of them."),
    ...failure,
  },
});

const putRoute = createRoute({
  method: "put",
  path: "/admin/cookies/{site}",
  middleware: managers,
  tags,
  summary: "Add a site's cookies, or replace them",
  request: {
    ...request,
    body: bodyOf(
      z.object({
        cookies: z
          .string()
          .openapi({ description: "A cookie file in Netscape's format, or a list in JSON." }),
      }),
    ),
  },
  responses: { 200: jsonOf(jarSchema, "What is known of them."), ...failure },
});

const deleteRoute = createRoute({
  method: "delete",
  path: "/admin/cookies/{site}",
  middleware: managers,
  tags,
  summary: "Delete a site's cookies",
  request,
  responses: { 204: { description: "They are gone." }, ...failure },
});

const testRoute = createRoute({
  method: "post",
  path: "/admin/cookies/{site}/test",
  middleware: managers,
  tags,
  summary: "Ask the site with its cookies",
  request: {
    ...request,
    body: bodyOf(
      z.object({
        url: z
          .string()
          .default("")
          .openapi({ description: "A video that takes a login; else the first page." }),
      }),
    ),
  },
  responses: { 200: jsonOf(jarSchema, "What came of it is in `test_error`."), ...failure },
});

export const cookiesApi = newApiPart()
  .openapi(listRoute, (c) =>
    c.json({ items: listCookies(c.get("deps")).map(jarJson), next_cursor: null }, 200),
  )
  .openapi(putRoute, (c) => {
    const input = { ...c.req.valid("param"), ...c.req.valid("json") };
    return c.json(jarJson(addCookies(c.get("deps"), requireUser(c), input)), 200);
  })
  .openapi(deleteRoute, (c) => {
    deleteCookies(c.get("deps"), requireUser(c), c.req.valid("param").site);
    return c.body(null, 204);
  })
  .openapi(testRoute, async (c) => {
    const { site } = c.req.valid("param");
    const jar = await testCookies(c.get("deps"), site, c.req.valid("json").url);
    return c.json(jarJson(jar), 200);
  });

type Jar = ReturnType<typeof listCookies>[number];

function jarJson(jar: Jar): z.infer<typeof jarSchema> {
  return {
    site: jar.site,
    added_by: jar.addedBy,
    added_at: isoTime(jar.addedAt),
    expires_at: jar.expiresAt === null ? null : isoTime(jar.expiresAt),
    tested_at: jar.testedAt === null ? null : isoTime(jar.testedAt),
    test_error: jar.testError,
  };
}
