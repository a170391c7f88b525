import { Hono } from "hono";
import type { AppEnv } from "../../web/env.ts";
import { mineRoutes } from "./mine-pages.tsx";

export const uploadRoutes = new Hono<AppEnv>();

uploadRoutes.route("/", mineRoutes);
