import { createRoute, z } from "@hono/zod-openapi";
import { bodyOf, failure, newApiPart } from "../../../web/api.ts";
import { limitCodes, limitMails } from "../../../web/limits.ts";
import { forgotPassword, resetPassword } from "./recovery.ts";

const forgotRoute = createRoute({
  method: "post",
  path: "/auth/forgot",
  tags: ["Sign-in"],
  summary: "Have a link for a new password mailed",
  description:
    "The answer is the same whether or not somebody has the address. The link can be used once, within 30 minutes. `unavailable` where no mail server is set up.",
  security: [],
  request: { body: bodyOf(z.object({ email: z.string() }).openapi("ForgottenPassword")) },
  responses: { 202: { description: "Asked for." }, ...failure },
});

const resetRoute = createRoute({
  method: "post",
  path: "/auth/reset",
  tags: ["Sign-in"],
  summary: "Set a new password by such a link",
  description: "`token` is that of the link. Every session of the account ends.",
  security: [],
  request: {
    body: bodyOf(z.object({ token: z.string(), password: z.string() }).openapi("NewPassword")),
  },
  responses: { 204: { description: "Set." }, ...failure },
});

export const recoveryApi = newApiPart();

recoveryApi
  .openapi(forgotRoute, (c) => {
    const { email } = c.req.valid("json");
    limitMails(c, email);
    forgotPassword(c.get("deps"), email);
    return c.body(null, 202);
  })
  .openapi(resetRoute, async (c) => {
    limitCodes(c);
    const { token, password } = c.req.valid("json");
    await resetPassword(c.get("deps"), token, password);
    return c.body(null, 204);
  });
