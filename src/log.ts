import pino from "pino";
import type { Logger } from "pino";
import type { Config } from "./config.ts";

const secrets = ["password", "token", "cookie", "authorization", "*.password", "*.token", "*.cookie"];

/** Lines of JSON, or of plain text for a person at a terminal. */
export function openLog(config: Config["log"]): Logger {
  const asText = config.format === "text" || (config.format === "auto" && process.stdout.isTTY);
  const options = {
    level: config.level,
    base: null,
    redact: secrets,
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  const sink = { write: (line: string) => void process.stdout.write(asText ? textLine(line) : line) };
  return pino(options, sink);
}

function textLine(json: string): string {
  const { time, level, msg, err, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const clock = String(time).slice(11, 19);
  const label = Number(level) >= 50 ? "ERROR " : Number(level) >= 40 ? "warn  " : "";
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  const stack = (err as { stack?: string } | undefined)?.stack;
  return `${clock} ${label}${String(msg ?? "")}${rest.join("")}${stack ? `\n${stack}` : ""}\n`;
}
