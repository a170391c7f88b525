import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { writePrivateFile } from "../lib/private-file.ts";
import { CommandFailed } from "./terminal.ts";

const savedSchema = z.object({ url: z.string(), token: z.string(), email: z.string() });

/** The server that commands talk to, and the token for it. */
export type SavedLogin = z.infer<typeof savedSchema>;

/** A file in the folder for settings of the person (XDG Base Directory Specification), for their eyes only. */
export function personalFile(env: NodeJS.ProcessEnv, name: string): string {
  return join(env.XDG_CONFIG_HOME || join(homedir(), ".config"), "homereel", name);
}

function fileOf(env: NodeJS.ProcessEnv): string {
  return personalFile(env, "login.json");
}

export function saveLogin(env: NodeJS.ProcessEnv, login: SavedLogin): string {
  const path = fileOf(env);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  rmSync(path, { force: true });
  writePrivateFile(path, Buffer.from(`${JSON.stringify(login, null, 2)}\n`));
  return path;
}

export function findLogin(env: NodeJS.ProcessEnv): SavedLogin | null {
  const path = fileOf(env);
  if (!existsSync(path)) return null;
  const saved = savedSchema.safeParse(parseJson(readFileSync(path, "utf8")));
  if (saved.success) return saved.data;
  throw new CommandFailed(`${path} is not what "homereel login" writes. Delete it and log in again.`);
}

export function forgetLogin(env: NodeJS.ProcessEnv): void {
  rmSync(fileOf(env), { force: true });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
