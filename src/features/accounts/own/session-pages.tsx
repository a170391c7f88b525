import { Hono } from "hono";
import { SessionsPage } from "../../../../views/account/sessions.tsx";
import { paths } from "../../../paths.ts";
import { allow } from "../../../web/allow.ts";
import type { AppEnv } from "../../../web/env.ts";
import { pageOf } from "../../../web/page.ts";
import { clearSessionCookie, requireCredential, requireUser } from "../../../web/session.ts";
import { endAllSessions, endSession, listSessions } from "../sessions/sessions.ts";

export const ownSessionPages = new Hono<AppEnv>();

const mine = allow("account.change");

ownSessionPages.get("/account/sessions", mine, (c) => {
  const credential = requireCredential(c);
  const current = credential.kind === "session" ? credential.id : null;
  const sessions = listSessions(c.get("deps"), requireUser(c));
  return c.html(<SessionsPage page={pageOf(c)} sessions={sessions} current={current} />);
});

ownSessionPages.post("/account/sessions/end-all", mine, (c) => {
  const user = requireUser(c);
  endAllSessions(c.get("deps"), user, user);
  clearSessionCookie(c);
  return c.redirect(paths.login(), 303);
});

ownSessionPages.post("/account/sessions/:id/end", mine, (c) => {
  endSession(c.get("deps"), requireUser(c), c.req.param("id"));
  return c.redirect(paths.sessions(), 303);
});
