import type { BusboyInstance } from "@fastify/busboy";
import { AppError, isAppError } from "../lib/errors.ts";
import { readBody } from "./receive-body.ts";
import type { Allowance, ReceivingRules } from "./receive-body.ts";

/** A file of a form, whose bytes are about to come. */
export interface ComingFile {
  field: string;
  /** As the sender calls it; hostile text. */
  filename: string;
  /** The text fields that came before it. */
  fields: Readonly<Record<string, string>>;
}

/** Where a file goes that may come. No more of the form is read before what these return is over. */
export interface Place {
  allowance: Allowance;
  take(chunk: Uint8Array): void | Promise<void>;
  /** That was all of it. */
  arrived(): void | Promise<void>;
  /** It can't stay, since it is more than may come or since one of the others says so. The form is read on; what this throws ends it. */
  refused(error: AppError): void | Promise<void>;
}

/** Of a form beside its files: boundaries, and the heads of its parts. */
export const frameBytes = 64 * 1024;

export function isForm({ headers }: Request): boolean {
  return /^multipart\/form-data\b/i.test(headers.get("content-type") ?? "");
}

/**
 * Reads a form of multipart/form-data (RFC 7578), file after file, each handed as it comes to where `place` says; null
 * passes over it. Fields that come after a file are of the next one; those after the last are returned.
 */
export async function receiveForm(
  request: Request,
  rules: ReceivingRules,
  place: (file: ComingFile) => Place | null,
): Promise<Readonly<Record<string, string>>> {
  const form = openForm(await newParser(request), place);
  await readBody(request, rules, form.write);
  return form.end();
}

function openForm(parser: BusboyInstance, place: (file: ComingFile) => Place | null) {
  const fields: Record<string, string> = {};
  let afterLast: Record<string, string> = {};
  let failure: unknown = null;
  const fail = (error: unknown) => void (failure ??= error);
  const steps = inTurn((step) => (failure === null ? step() : undefined), fail);
  parser.on("field", (name, value) => void (fields[name] = afterLast[name] = value));
  parser.on("file", (field, stream, filename) => {
    afterLast = {};
    // A form that breaks off in the middle of a file says so here too.
    stream.on("error", (cause) => fail(unreadable(cause)));
    const file = { field, filename, fields: { ...fields } };
    let where: Place | null = null;
    steps.add(() => {
      const found = filename ? place(file) : null;
      where = found && within(found);
    });
    stream.on("data", (chunk: Uint8Array) => steps.add(() => where?.take(chunk)));
    stream.on("end", () => {
      if (!stream.truncated) steps.add(() => where?.arrived());
    });
  });
  for (const limit of ["partsLimit", "filesLimit", "fieldsLimit"] as const) {
    parser.on(limit, () => fail(tooMany()));
  }
  // The parser says "finish" at the end, "drain" where it had to wait, or never again after an error.
  let goOn = () => {};
  const next = () => new Promise<void>((resolve) => (goOn = resolve));
  parser.on("drain", () => goOn());
  parser.on("finish", () => goOn());
  parser.on("error", (cause) => {
    fail(unreadable(cause));
    goOn();
  });
  const settle = async (parsed: Promise<void> | null) => {
    await parsed;
    await steps.over();
    if (failure !== null) throw failure;
  };
  return {
    write(chunk: Uint8Array) {
      const drained = parser.write(chunk) ? null : next();
      if (drained !== null || steps.areWaiting()) return settle(drained);
      if (failure !== null) throw failure;
    },
    async end() {
      const over = next();
      parser.end();
      await settle(over);
      return afterLast;
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

/**
 * Runs steps in the order they came: at once where nothing waits, so that bytes are as a rule written while the parser is
 * at them. What came in one piece of the body is all that waits at a time.
 */
function inTurn(
  run: (step: () => void | Promise<void>) => void | Promise<void>,
  fail: (why: unknown) => void,
) {
  let last: Promise<void> | null = null;
  return {
    add(step: () => void | Promise<void>): void {
      try {
        const going = last ? last.then(() => run(step)) : run(step);
        if (going) last = going.catch(fail);
      } catch (error) {
        fail(error);
      }
    },
    areWaiting: () => last !== null,
    async over(): Promise<void> {
      for (let waited = last; waited; waited = last) {
        await waited;
        if (last === waited) last = null;
      }
    },
  };
}

/** Holds the bytes to the allowance. Of what was refused nothing more is handed on. */
function within({ allowance, take, arrived, refused }: Place): Place {
  let comes = 0;
  let isOver = false;
  const orRefuse = (step: () => void | Promise<void>): void | Promise<void> => {
    const refuse = (error: unknown) => {
      isOver = true;
      if (!isAppError(error)) throw error;
      return refused(error);
    };
    if (isOver) return;
    try {
      return step()?.catch(refuse);
    } catch (error) {
      return refuse(error);
    }
  };
  return {
    allowance,
    refused,
    take: (chunk) =>
      orRefuse(() => {
        comes += chunk.length;
        if (comes > allowance.mostBytes) throw allowance.exceeded();
        return take(chunk);
      }),
    arrived: () => orRefuse(arrived),
  };
}

function tooMany(): AppError {
  return new AppError("too_large", "The form has too many fields.");
}

function unreadable(cause: unknown): AppError {
  return new AppError("invalid_input", "This form can't be read.", { cause });
}
