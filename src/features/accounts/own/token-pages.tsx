import { Hono } from "hono";
import type { Context } from "hono";
import { TokensPage } from "../../../../views/account/tokens.tsx";
import type { TokensProps } from "../../../../views/account/tokens.tsx";
import { scopes } from "../../../lib/permissions.ts";
import { paths } from "../../../paths.ts";
import { allow } from "../../../web/allow.ts";
import type { AppEnv } from "../../../web/env.ts";
import { readForm, shownError } from "../../../web/forms.ts";
import { pageOf } from "../../../web/page.ts";
import { requireUser } from "../../../web/session.ts";
import { scopesFor } from "./own.ts";
import { createApiToken, listApiTokens, revokeApiToken } from "../sessions/tokens.ts";

export const ownTokenPages = new Hono<AppEnv>();

const mine = allow("account.change");

ownTokenPages.get("/account/tokens", mine, (c) => c.html(tokensPage(c)));

// The new token is in this very answer: an address that it was in would be kept by browsers and proxies.
ownTokenPages.post("/account/tokens", mine, async (c) => {
  const { name = "", expires = "90", ...fields } = await readForm(c);
  const values = { name, expires, scopes: scopes.filter((scope) => `scope-${scope}` in fields) };
  try {
    const input = { ...values, expires_in_days: expires === "never" ? null : expires };
    const { token, row } = createApiToken(c.get("deps"), requireUser(c), input);
    c.header("Cache-Control", "no-store");
    return c.html(tokensPage(c, { made: { token, name: row.name } }));
  } catch (error) {
    const shown = shownError(error);
    return c.html(tokensPage(c, { values, error: shown }), shown.status);
  }
});

ownTokenPages.post("/account/tokens/:id/revoke", mine, (c) => {
  revokeApiToken(c.get("deps"), requireUser(c), c.req.param("id"));
  return c.redirect(paths.tokens(), 303);
});

function tokensPage(c: Context<AppEnv>, state: Pick<TokensProps, "made" | "values" | "error"> = {}) {
  const user = requireUser(c);
  const tokens = listApiTokens(c.get("deps"), user);
  return <TokensPage page={pageOf(c)} tokens={tokens} scopes={scopesFor(user)} {...state} />;
}
