import { Hono } from "hono";
import type { AppEnv } from "../../web/env.ts";

export const ownPages = new Hono<AppEnv>();
