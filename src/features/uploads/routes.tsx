import { Hono } from "hono";
import type { AppEnv } from "../../web/env.ts";
import { formRoutes } from "./form-pages.tsx";
import { mineRoutes } from "./mine-pages.tsx";

export const uploadRoutes = new Hono<AppEnv>();

uploadRoutes.route("/", mineRoutes);
uploadRoutes.route("/", formRoutes);
