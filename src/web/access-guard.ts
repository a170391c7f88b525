import type { MiddlewareHandler } from "hono";
import { AppError } from "../lib/errors.ts";
import { apiRoot, paths, signedRoot } from "../paths.ts";
import type { AppEnv } from "./env.ts";

/** The only doors that open without a login, beside signed addresses. Everything else, known or not, asks for one. */
const openDoors = new Set([
  paths.login(),
  paths.logout(),
  paths.setup(),
  paths.register(),
  paths.forgot(),
  paths.reset(),
  paths.confirmEmail(),
  paths.theme(),
  paths.health(),
  paths.ready(),
  `${apiRoot}/health/storage`,
  `${apiRoot}/auth/login`,
  `${apiRoot}/auth/register`,
  `${apiRoot}/auth/forgot`,
  `${apiRoot}/auth/reset`,
]);

/** Sends a person without a login to the login page, and refuses programs with `login_required`. */
export const requireLogin: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (c.get("user") || openDoors.has(c.req.path) || c.req.path.startsWith(signedRoot)) return next();
  if (wantsPage(c.req.raw)) {
    const { pathname, search } = new URL(c.req.url);
    return c.redirect(paths.login(pathname === "/" && search === "" ? undefined : pathname + search));
  }
  throw new AppError("login_required", "Log in first.", { hint: "Log in and try again." });
};

/** Whether a browser is going to a page, and not a script, a player or a program asking for something. */
function wantsPage(request: Request): boolean {
  if (request.method !== "GET" || request.headers.has("hx-request")) return false;
  return (request.headers.get("accept") ?? "").includes("text/html");
}
