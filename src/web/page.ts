import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { z } from "zod";
import type { Page, Theme } from "../../views/page.ts";
import { goDirectly } from "../storage/arrivals.ts";
import { assetUrl } from "./assets.ts";
import type { AppEnv } from "./env.ts";

const themeSchema = z.enum(["auto", "light", "dark"]).catch("auto");

/** What every page knows of its request. */
export function pageOf(c: Context<AppEnv>): Page {
  const user = c.get("user");
  const url = new URL(c.req.url);
  const { config, now, storageHealth } = c.get("deps");
  const { chunk_size: chunkBytes, max_size: maxBytes, visibility } = config.uploads;
  return {
    nonce: c.get("nonce"),
    user: user && { id: user.id, name: user.name, email: user.email, role: user.role },
    theme: themeSchema.parse(getCookie(c, "theme")),
    asset: assetUrl,
    running: user ? c.get("countRunning")() : 0,
    here: url.pathname + url.search,
    now: now(),
    ...(user && storageHealth.last?.problem ? { notice: storageIsAway } : {}),
    newVisibility: config.downloads.visibility,
    uploads: { chunkBytes, maxBytes, visibility, isDirect: goDirectly(config) },
  };
}

export const storageIsAway =
  "The storage can't be reached right now. Nothing is lost: what lies there plays again, and uploads and downloads go on, as soon as it is back.";

/** Keeps the choice of dark or light for a year. */
export function setTheme(c: Context<AppEnv>, theme: unknown): Theme {
  const chosen = themeSchema.parse(theme);
  setCookie(c, "theme", chosen, { path: "/", httpOnly: false, sameSite: "Lax", maxAge: 365 * 86_400 });
  return chosen;
}
