import { describeApi } from "../json-api.ts";
import { readArgs } from "./terminal.ts";
import type { Command } from "./terminal.ts";

export const openapiCommand: Command = {
  async run(args) {
    const { values } = readArgs(args, {});
    if (values.help) console.log("homereel openapi\n\nPrints the OpenAPI 3.1 description of the JSON API.");
    else console.log(JSON.stringify(describeApi(), null, 2));
    return 0;
  },
};
