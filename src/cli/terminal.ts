import { parseArgs } from "node:util";
import type { ParseArgsConfig } from "node:util";
import type { App } from "../app.ts";
import type { Config } from "../config.ts";
import { ConfigError } from "../lib/settings.ts";
import { DatabaseRefused } from "../db/open.ts";
import { isAppError } from "../lib/errors.ts";

/** The command was called wrongly: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A failure that the person can do something about: exit code 1, the message alone. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
}

export interface Command {
  /** Returns the exit code. */
  run(args: string[], program: Program): Promise<number>;
}

/** What only `main.ts` may reach for and hands on. */
export interface Program {
  loadApp(): Promise<{ openApp: (config: Config) => App }>;
}

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Options that every command takes. */
const shared = {
  help: { type: "boolean", short: "h", default: false },
  config: { type: "string" },
} as const satisfies Options;

/** Reads arguments; unknown ones are a UsageError. */
export function readArgs<const Own extends Options>(args: string[], own: Own) {
  try {
    return parseArgs({ args, options: { ...shared, ...own }, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** Prints what went wrong, for a person; the exit code. */
export function fail(error: unknown): number {
  if (error instanceof UsageError) {
    console.error(error.message);
    return 2;
  }
  const expected =
    error instanceof CommandFailed || error instanceof ConfigError || error instanceof DatabaseRefused;
  if (expected) console.error(error.message);
  else if (isAppError(error)) console.error([error.message, error.hint].filter(Boolean).join(" "));
  else console.error(error);
  return 1;
}

const controlCharacters = /[\p{Cc}\p{Cf}]/gu;

/** Lines of text that strangers wrote a part of. */
export function cleanForTerminal(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n]|\p{Cf}/gu, "");
}

/** Columns of text; what strangers wrote can't move the cursor. */
export function printTable(rows: string[][]): void {
  const clean = rows.map((row) => row.map((cell) => cell.replaceAll(controlCharacters, "")));
  const widths = (clean[0] ?? []).map((_, column) =>
    Math.max(...clean.map((row) => Bun.stringWidth(row[column] ?? ""))),
  );
  for (const row of clean) {
    const cells = row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - Bun.stringWidth(cell)));
    console.log(cells.join("  ").trimEnd());
  }
}

/** A line that is asked for at a terminal; elsewhere it has to be given. */
export async function readLine(what: string): Promise<string> {
  if (!process.stdin.isTTY) throw new UsageError(`Give --${what.toLowerCase().replace("-", "")}.`);
  process.stderr.write(`${what}: `);
  for await (const line of console) return line.trim();
  throw new CommandFailed("Stopped.");
}

/** A line of the standard input; at a terminal it is asked for, and not shown while it is typed. */
export async function readSecret(what: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) {
    for await (const line of console) return line;
    throw new UsageError(`Give a ${what.toLowerCase()} with --password or on the standard input.`);
  }
  stderr.write(`${what} (it is not shown): `);
  stdin.setRawMode(true);
  try {
    let typed = "";
    for await (const chunk of stdin) {
      for (const key of String(chunk)) {
        if (key === "\r" || key === "\n") return typed;
        if (key === "\u0003") throw new CommandFailed("Stopped.");
        typed = key === "\u007f" || key === "\b" ? typed.slice(0, -1) : typed + key;
      }
    }
    return typed;
  } finally {
    stdin.setRawMode(false);
    stderr.write("\n");
  }
}
