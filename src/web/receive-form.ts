import { closeSync, openSync, rmSync } from "node:fs";
import type { BusboyFileStream, BusboyInstance } from "@fastify/busboy";
import { AppError } from "../lib/errors.ts";
import { readBody, writeAll } from "./receive-body.ts";
import type { Allowance, ReceivingRules } from "./receive-body.ts";

/** A file of a form, whose bytes are about to come. */
export interface ComingFile {
  field: string;
  /** As the sender calls it; hostile text. */
  filename: string;
  /** The text fields that came before it. */
  fields: Readonly<Record<string, string>>;
}

/** Where a file goes that may come. */
export interface Place {
  path: string;
  allowance: Allowance;
  /** It is there in whole, but not flushed. */
  arrived(sizeBytes: number): void;
  /** It is more than may come, and nothing of it is left: the form is read on. What this throws ends it. */
  tooLarge(error: AppError): void;
}

/** Of a form beside its files: boundaries, and the heads of its parts. */
export const frameBytes = 64 * 1024;

export function isForm({ headers }: Request): boolean {
  return /^multipart\/form-data\b/i.test(headers.get("content-type") ?? "");
}

/**
 * Reads a form of multipart/form-data (RFC 7578), file after file, each written as it comes to where `place` says;
 * null passes over it. Fields that come after a file are of the next one; those after the last are returned.
 */
export async function receiveForm(
  request: Request,
  rules: ReceivingRules,
  place: (file: ComingFile) => Place | null,
): Promise<Readonly<Record<string, string>>> {
  const form = openForm(await newParser(request), place);
  try {
    await readBody(request, rules, form.write);
    return await form.end();
  } finally {
    form.close();
  }
}

function openForm(parser: BusboyInstance, place: (file: ComingFile) => Place | null) {
  const fields: Record<string, string> = {};
  let afterLast: Record<string, string> = {};
  let failure: unknown = null;
  const opened: { close(): void }[] = [];
  parser.on("field", (name, value) => void (fields[name] = afterLast[name] = value));
  parser.on("file", (field, stream, filename) => {
    afterLast = {};
    // A form that breaks off in the middle of a file says so here too.
    stream.on("error", (cause) => (failure ??= unreadable(cause)));
    try {
      const where = filename ? place({ field, filename, fields: { ...fields } }) : null;
      if (where) opened.push(writeTo(where, stream, (error) => (failure ??= error)));
      else stream.resume();
    } catch (error) {
      failure ??= error;
      stream.resume();
    }
  });
  for (const limit of ["partsLimit", "filesLimit", "fieldsLimit"] as const) {
    parser.on(limit, () => void (failure ??= tooMany()));
  }
  // The parser says "finish" at the end, "drain" where it had to wait, or never again after an error.
  let goOn = () => {};
  const next = () => new Promise<void>((resolve) => (goOn = resolve));
  parser.on("drain", () => goOn());
  parser.on("finish", () => goOn());
  parser.on("error", (cause) => {
    failure ??= unreadable(cause);
    goOn();
  });
  const check = () => {
    if (failure !== null) throw failure;
  };
  return {
    write(chunk: Uint8Array) {
      const isReady = parser.write(chunk);
      check();
      return isReady ? undefined : next().then(check);
    },
    async end() {
      const over = next();
      parser.end();
      await over;
      check();
      return afterLast;
    },
    close() {
      for (const file of opened) file.close();
    },
  };
}

async function newParser({ headers }: Request): Promise<BusboyInstance> {
  const { Busboy } = await import("@fastify/busboy");
  try {
    return new Busboy({
      headers: { "content-type": headers.get("content-type") ?? "" },
      // A name with folders in it is to be refused, and not made another.
      preservePath: true,
      limits: { fields: 100, fieldSize: frameBytes, files: 1000, parts: 1100 },
    });
  } catch (cause) {
    throw unreadable(cause);
  }
}

/** Everything happens as the parser is written to: nothing waits, and so nothing is held in memory. */
function writeTo(
  { path, allowance, arrived, tooLarge }: Place,
  stream: BusboyFileStream,
  failed: (error: unknown) => void,
): { close(): void } {
  const fd = openSync(path, "ax", 0o600);
  let isOpen = true;
  let written = 0;
  const close = () => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  const attempt = (task: () => void) => {
    try {
      task();
    } catch (error) {
      close();
      failed(error);
    }
  };
  stream.on("data", (chunk: Uint8Array) =>
    attempt(() => {
      if (!isOpen) return;
      written += chunk.length;
      if (written <= allowance.mostBytes) return writeAll(fd, chunk);
      close();
      rmSync(path);
      tooLarge(allowance.exceeded());
    }),
  );
  stream.on("end", () =>
    attempt(() => {
      if (!isOpen) return;
      close();
      if (!stream.truncated) arrived(written);
    }),
  );
  return { close };
}

function tooMany(): AppError {
  return new AppError("too_large", "The form has too many fields.");
}

function unreadable(cause: unknown): AppError {
  return new AppError("invalid_input", "This form can't be read.", { cause });
}
