import { configCommand } from "./config.ts";
import { doctorCommand } from "./doctor.ts";
import { openapiCommand } from "./openapi.ts";
import { serveCommand } from "./serve.ts";
import type { Command } from "./terminal.ts";
import { usersCommand } from "./users.ts";

export const commands: readonly Command[] = [
  serveCommand,
  usersCommand,
  configCommand,
  openapiCommand,
  doctorCommand,
];
