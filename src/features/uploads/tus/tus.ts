import { Server } from "@tus/server";
import type { Context } from "hono";
import { AppError, isAppError } from "../../../lib/errors.ts";
import type { ErrorCode } from "../../../lib/errors.ts";
import { newId } from "../../../lib/ids.ts";
import { apiRoot } from "../../../paths.ts";
import type { AppEnv } from "../../../web/env.ts";
import { overriddenMethod } from "../../../web/method-override.ts";
import { problemOf } from "../../../web/problem.ts";
import { requireUser } from "../../../web/session.ts";
import { checksumAlgorithms, parseChecksum } from "./checksum.ts";
import { finishTus, finishTusLater } from "./finish.ts";
import type { Upload } from "../queries.ts";
import { UploadStore } from "./store.ts";
import { Turn } from "./turns.ts";
import { getUpload } from "../uploads.ts";

const version = "1.0.0";
const uploadsPath = `${apiRoot}/uploads`;
const pieceType = "application/offset+octet-stream";

type Ctx = Context<AppEnv>;
interface TusError {
  status_code: number;
  body: string;
}

/**
 * Answers a request of tus 1.0 (tus.io/protocols/resumable-upload), about `id` or about uploads in general.
 * @tus/server judges what it says; it gets the request's head alone, and our store takes the bytes.
 */
export async function answerTus(c: Ctx, id: string | null): Promise<Response> {
  const request = c.req.raw;
  const method = overriddenMethod(request);
  const deps = c.get("deps");
  const user = requireUser(c);
  if (id !== null) requireTus(getUpload(deps, user, id), method);
  const refused = refuseHead(method, request.headers, id);
  if (refused) return dress(refused, method);

  const newOrKnown = id ?? newId();
  const turn = new Turn(newOrKnown);
  const failures: unknown[] = [];
  const tus = new Server({
    path: uploadsPath,
    datastore: new UploadStore({ deps, user, request, server: c.env?.server, turn }),
    locker: { newLock: () => turn },
    maxSize: method === "OPTIONS" ? deps.config.uploads.max_size : 0,
    namingFunction: () => newOrKnown,
    getFileIdFromRequest: () => id ?? undefined,
    generateUrl: (_, upload) => `${uploadsPath}/${upload.id}`,
    async onUploadFinish() {
      await finishTus(deps, newOrKnown).catch((error: unknown) => {
        // What is not the file's fault is tried again, since its sender has nothing left to send.
        if (!isAppError(error) || problemOf(error).status >= 500)
          finishTusLater(deps, getUpload(deps, user, newOrKnown));
        throw error;
      });
      return {};
    },
    onResponseError: (_, error) => void failures.push(error),
  });
  const head = new Request(`http://tus.invalid${uploadsPath}/${id ?? ""}`, {
    method,
    headers: request.headers,
  });
  const response = await tus.handleWeb(head);
  return dress(failures.length > 0 ? explain(failures[0], response) : response, method);
}

/** Of what goes straight into the bucket there is no offset; but it can be given up like any other. */
function requireTus({ way }: Upload, method: string): void {
  if (way !== "direct" || method === "DELETE") return;
  throw new AppError("conflict", "This upload goes straight into the storage, in parts.", {
    hint: "Go on with it there, or begin a new one.",
  });
}

/** What @tus/server takes otherwise than the protocol has it. */
function refuseHead(method: string, headers: Headers, id: string | null): Response | null {
  if (method === "OPTIONS") return null;
  if (headers.get("tus-resumable") !== version) {
    const hint = `Send Tus-Resumable: ${version}.`;
    const error = new AppError("invalid_input", "This version of tus is not spoken here.", { hint });
    return problem(error, 412);
  }
  const type = headers.get("content-type");
  if (method === "PATCH" && type !== pieceType) {
    return problem(new AppError("invalid_input", `Send the piece as ${pieceType}.`), 415);
  }
  try {
    parseChecksum(headers.get("upload-checksum"));
  } catch (error) {
    if (isAppError(error)) return problem(error, 400);
    throw error;
  }
  // A POST to an upload itself has to say what it stands for.
  return method === "POST" && id !== null
    ? problem(new AppError("not_found", "There is nothing here."), 404)
    : null;
}

/** Bugs rise, and are logged where all are. */
function explain(error: unknown, { status, headers }: Response): Response {
  if (isAppError(error)) return problem(error, problemOf(error).status, headers);
  if (!isTusError(error)) {
    const known = problemOf(error);
    if (known.code === "internal") throw error;
    return problem(new AppError(known.code, known.title, { hint: known.detail }), known.status, headers);
  }
  const said = new AppError(codes[status] ?? "invalid_input", error.body.trim());
  return problem(said, status, headers);
}

const codes: Record<number, ErrorCode> = {
  404: "not_found",
  409: "conflict",
  410: "not_found",
  413: "too_large",
};

function isTusError(error: unknown): error is TusError {
  return typeof (error as Partial<TusError> | null)?.body === "string";
}

function problem(error: AppError, status: number, headers?: Headers): Response {
  const kept = new Headers(headers);
  kept.set("content-type", "application/problem+json");
  kept.delete("content-length");
  if (error.retryAfterSeconds !== undefined) kept.set("retry-after", String(error.retryAfterSeconds));
  return new Response(JSON.stringify({ ...problemOf(error), status }), { status, headers: kept });
}

/** Who else may call us, `web/cors.ts` alone says. */
function dress(response: Response, method: string): Response {
  const { headers } = response;
  const open = [...headers.keys()].filter((name) => name.startsWith("access-control-"));
  for (const name of open) headers.delete(name);
  headers.set("tus-resumable", version);
  headers.set("tus-version", version);
  headers.set("cache-control", "no-store");
  if (method === "OPTIONS") headers.set("tus-checksum-algorithm", checksumAlgorithms.join(","));
  return response;
}
