import { z } from "@hono/zod-openapi";
import { optionsSchema } from "../../lib/download-options.ts";
import { remedies } from "../../lib/errors.ts";

/**
 * What can be chosen of a download, as the API describes it. Made anew: the schema itself is older than the API's zod,
 * which is loaded with its first call, and can't describe itself. What belongs together is checked by the verb.
 */
export const optionsPart = z.object(optionsSchema.shape).openapi("DownloadOptions");

export const remedyPart = z.enum(remedies).nullable().openapi({
  description:
    "The one action that helps; null where none does. With `remove`, another try would fail again as things are.",
});

export const itemsPart = z.string().openapi({
  description: "Which videos of one playlist, by their numbers; all unless said.",
  example: "1-20,33",
});
