import { fstatSync } from "node:fs";
import pino from "pino";
import type { Logger } from "pino";
import type { Config } from "./config.ts";

const secrets = ["password", "token", "cookie", "authorization", "*.password", "*.token", "*.cookie"];

/** Lines of JSON, or of plain text for a person at a terminal. */
export function openLog(config: Config["log"]): Logger {
  const asText = config.format === "text" || (config.format === "auto" && isTerminal());
  const options = {
    level: config.level,
    base: null,
    redact: secrets,
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  // At once: the last words before a crash are the ones that matter.
  const out = pino.destination({ dest: stdout, sync: true });
  return pino(options, asText ? { write: (line) => out.write(textLine(line)) } : out);
}

// Not process.stdout: all of Node's streams would be loaded for it, a tenth of the whole start.
const stdout = 1;

function isTerminal(): boolean {
  return fstatSync(stdout).isCharacterDevice();
}

function textLine(json: string): string {
  const { time, level, msg, err, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const clock = String(time).slice(11, 19);
  const label = Number(level) >= 50 ? "ERROR " : Number(level) >= 40 ? "warn  " : "";
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  const stack = (err as { stack?: string } | undefined)?.stack;
  return `${clock} ${label}${String(msg ?? "")}${rest.join("")}${stack ? `\n${stack}` : ""}\n`;
}
