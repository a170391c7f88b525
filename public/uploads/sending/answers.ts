import { canPassLater } from "../../../src/lib/errors.ts";
import type { Problem } from "../item.ts";
import type { Outcome, Server } from "./way.ts";

/** What the server says of an upload. */
export interface Told {
  state: "receiving" | "done" | "refused";
  video_id: string | null;
  error: { code: string; message: string; hint: string } | null;
}

/** What the server says of an upload: null where there is no answer, "gone" where it has none of this kind. */
export async function look(url: string, signal: AbortSignal): Promise<Told | "gone" | null> {
  const answer = await ask(url, signal);
  return answer && ((answer.body as Told | null) ?? "gone");
}

/** Null where there is no answer of use, as from a server that is busy or knows nobody; without `body` where it is that there is nothing. */
export async function ask(url: string, signal: AbortSignal): Promise<{ body: unknown } | null> {
  try {
    const answer = await fetch(url, { headers: { accept: "application/json" }, signal });
    if (!answer.ok) return answer.status === 404 || answer.status === 410 ? { body: null } : null;
    return { body: readJson(await answer.text()) };
  } catch {
    return null;
  }
}

export interface Answer {
  /** 0 where there is none. */
  status: number;
  text: string;
}

/** Sends something as JSON; without it, asks. */
export async function tell(url: string, body?: object, signal?: AbortSignal): Promise<Answer> {
  const headers = { accept: "application/json", "content-type": "application/json" };
  const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  try {
    const answer = await fetch(url, { headers, ...sent, ...(signal ? { signal } : {}) });
    return { status: answer.status, text: await answer.text() };
  } catch {
    return { status: 0, text: "" };
  }
}

/** Null while it is not decided. */
export function outcomeOf(server: Server, told: Told | "gone" | null): Outcome | null {
  if (told === null || told === "gone") return null;
  const { state, video_id: id, error } = told;
  if (state === "done") return { kind: "done", place: id === null ? null : server.video + id };
  if (state !== "refused") return null;
  const { message = "The server refused this file.", hint = "", code = "" } = error ?? {};
  return { kind: "refused", problem: { message, hint, isFinal: !canPassLater(code) } };
}

/**
 * A lock that somebody else holds, an offset that went on meanwhile, a garbled piece (460, tus 1.0), a server that
 * starts or is busy: the next look at it says where to go on. 507 is the full disk, which doesn't pass by itself.
 */
export function passes(status: number): boolean {
  return [408, 409, 423, 425, 429, 460].includes(status) || (status >= 500 && status !== 507);
}

export function refusalOf(body: string, status: number): Outcome {
  if (status === 401) return { kind: "refused", problem: loggedOut };
  const { title, detail = "", code = "" } = (readJson(body) ?? {}) as Partial<Record<string, string>>;
  const message = title ?? `The server did not take it (${status}).`;
  return { kind: "refused", problem: { message, hint: detail, isFinal: !canPassLater(code) } };
}

const loggedOut: Problem = { message: "You are logged out.", hint: "Log in, and it goes on.", isLogin: true };

export function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** Takes an upload off the server; false where that has to be tried again. */
export async function takeOff(url: string): Promise<boolean> {
  const answer = await fetch(url, { method: "DELETE", headers: { "tus-resumable": "1.0.0" } }).catch(
    () => null,
  );
  return answer !== null && answer.status < 500 && answer.status !== 423;
}
