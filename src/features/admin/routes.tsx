import { Hono } from "hono";
import type { AppEnv } from "../../web/env.ts";

export const adminRoutes = new Hono<AppEnv>();
