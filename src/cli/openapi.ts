import { describeApi } from "../router.tsx";
import { readArgs } from "./terminal.ts";
import type { Command } from "./terminal.ts";

export const openapiCommand: Command = {
  name: "openapi",
  usage: "openapi",
  summary: "Print the description of the JSON API",
  async run(args) {
    const { values } = readArgs(args, {});
    if (values.help) console.log("homereel openapi\n\nPrints the OpenAPI 3.1 description of the JSON API.");
    else console.log(JSON.stringify(describeApi(), null, 2));
    return 0;
  },
};
