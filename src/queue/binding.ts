import { PermanentFailure } from "./job.ts";
import type { JobContext, JobDefinition, JobHandler } from "./job.ts";
import type { GivenUp } from "./states.ts";

/** The end of a job that didn't succeed and is not tried again. */
export interface JobLoss {
  why: GivenUp;
  /** What its last attempt threw; null where nothing was thrown (cancelled, crashed). */
  error: unknown;
}

/**
 * Hears that a job is given up, inside the transaction that says so: synchronous, and quick. It is how a
 * download's row learns that its job failed.
 */
export type GaveUp<Deps, Payload> = (deps: Deps, payload: Payload, loss: JobLoss) => void;

/** A definition with the verb that does its work; the payload's type is known inside only. */
export interface Binding<Deps> {
  readonly name: string;
  /** Throws PermanentFailure where the stored payload doesn't fit the definition. */
  open(payloadJson: string): OpenJob<Deps>;
}

export interface OpenJob<Deps> {
  run(deps: Deps, context: JobContext): Promise<void>;
  gaveUp(deps: Deps, loss: JobLoss): void;
}

export function bind<Deps, Payload>(
  definition: JobDefinition<Payload>,
  run: JobHandler<Deps, Payload>,
  gaveUp?: GaveUp<Deps, Payload>,
): Binding<Deps> {
  return {
    name: definition.name,
    open(payloadJson) {
      const payload = readPayload(definition, payloadJson);
      return {
        run: (deps, context) => run(deps, payload, context),
        gaveUp: (deps, loss) => gaveUp?.(deps, payload, loss),
      };
    },
  };
}

/** The bindings by name; two of one name are a mistake of the program. */
export class Bindings<Deps> {
  readonly #byName = new Map<string, Binding<Deps>>();

  constructor(bindings: readonly Binding<Deps>[]) {
    for (const binding of bindings) {
      if (this.#byName.has(binding.name)) throw new Error(`two jobs are named "${binding.name}"`);
      this.#byName.set(binding.name, binding);
    }
  }

  /** Throws PermanentFailure where this program can't do the job. */
  open(job: { name: string; payload: string }): OpenJob<Deps> {
    const binding = this.#byName.get(job.name);
    if (!binding) throw new PermanentFailure(`This version of Homereel knows no job named "${job.name}".`);
    return binding.open(job.payload);
  }

  /** Null where this program can't do the job. */
  find(job: { name: string; payload: string }): OpenJob<Deps> | null {
    try {
      return this.open(job);
    } catch (error) {
      if (error instanceof PermanentFailure) return null;
      throw error;
    }
  }
}

function readPayload<Payload>(definition: JobDefinition<Payload>, json: string): Payload {
  const parsed = definition.payload.safeParse(parseJson(json));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".") || "it"}: ${issue.message}`);
  throw new PermanentFailure(`The payload of "${definition.name}" does not fit: ${problems.join("; ")}`);
}

/** Undefined where it isn't JSON, which no payload's schema takes. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
