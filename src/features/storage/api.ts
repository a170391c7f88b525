import { createRoute, z } from "@hono/zod-openapi";
import { allow } from "../../web/allow.ts";
import { bodyOf, failure, isoTime, jsonOf, newApiPart, timeSchema } from "../../web/api.ts";
import { requireUser } from "../../web/session.ts";
import { describeHealth, findProgress, startMove, stopMove } from "./storage.ts";
import type { MoveProgress } from "./storage.ts";

const keepers = allow("storage.manage");
const tags = ["Storage"];
const place = z.enum(["disk", "s3"]);

const moveSchema = z
  .object({
    to: place,
    state: z.enum(["running", "stopped", "done"]),
    files_moved: z.int(),
    bytes_moved: z.int(),
    files_left: z.int(),
    bytes_left: z.int(),
    files_failed: z.int().openapi({ description: "They stay where they are, and go on working from there." }),
    last_failure: z.string().nullable().openapi({ description: "Also why it waits, where it does." }),
    started_at: timeSchema,
    finished_at: timeSchema.nullable(),
  })
  .openapi("StorageMove");

const healthSchema = z
  .object({
    healthy: z.boolean(),
    driver: place.openapi({ description: "Where new files go." }),
    bucket: z.string().nullable().openapi({ description: "Null where none is set up." }),
    region: z.string().nullable(),
    latency_ms: z.number().nullable().openapi({ description: "Null where there is no answer." }),
    problem: z.string().nullable(),
    checked_at: timeSchema,
  })
  .openapi("StorageHealth");

const healthRoute = createRoute({
  method: "get",
  path: "/health/storage",
  tags,
  summary: "Whether files can be read and written",
  description:
    "For monitors, without a login. The storage is asked once in ten seconds, however many ask here.",
  security: [],
  responses: {
    200: jsonOf(healthSchema, "They can."),
    503: jsonOf(healthSchema, "They can't."),
    ...failure,
  },
});

const seeRoute = createRoute({
  method: "get",
  path: "/admin/storage/move",
  middleware: keepers,
  tags,
  summary: "How far the move to another storage is",
  responses: { 200: jsonOf(moveSchema.nullable(), "The last one; null where there was none."), ...failure },
});

const startRoute = createRoute({
  method: "post",
  path: "/admin/storage/move",
  middleware: keepers,
  tags,
  summary: "Move everything that is stored to another storage",
  description: "While all of it plays. Again, it goes on where it was; to the other side, it is taken back.",
  request: { body: bodyOf(z.object({ to: place })) },
  responses: { 202: jsonOf(moveSchema, "It is under way."), ...failure },
});

const stopRoute = createRoute({
  method: "delete",
  path: "/admin/storage/move",
  middleware: keepers,
  tags,
  summary: "Stop the move",
  responses: { 200: jsonOf(moveSchema, "What was moved stays moved."), ...failure },
});

export const storageApi = newApiPart()
  .openapi(healthRoute, async (c) => {
    const { driver, bucket, region, latencyMs, problem, at } = await describeHealth(c.get("deps"));
    const healthy = problem === null;
    const latency_ms = latencyMs && Math.round(latencyMs * 10) / 10;
    const body = { healthy, driver, bucket, region, latency_ms, problem: problem?.message ?? null };
    return c.json({ ...body, checked_at: isoTime(at) }, healthy ? 200 : 503);
  })
  .openapi(seeRoute, (c) => {
    const progress = findProgress(c.get("deps"));
    return c.json(progress && moveJson(progress), 200);
  })
  .openapi(startRoute, (c) =>
    c.json(moveJson(startMove(c.get("deps"), requireUser(c), c.req.valid("json"))), 202),
  )
  .openapi(stopRoute, (c) => c.json(moveJson(stopMove(c.get("deps"), requireUser(c))), 200));

function moveJson(move: MoveProgress): z.infer<typeof moveSchema> {
  return {
    to: move.target,
    state: move.state,
    files_moved: move.filesMoved,
    bytes_moved: move.bytesMoved,
    files_left: move.left.files,
    bytes_left: move.left.bytes,
    files_failed: move.filesFailed,
    last_failure: move.lastFailure,
    started_at: isoTime(move.startedAt),
    finished_at: move.finishedAt === null ? null : isoTime(move.finishedAt),
  };
}
