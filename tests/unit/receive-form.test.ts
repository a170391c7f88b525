import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AppError } from "../../src/lib/errors.ts";
import { receiveForm } from "../../src/web/receive-form.ts";
import type { Place } from "../../src/web/receive-form.ts";
import { formBody, formType, postByHand } from "../fixtures/by-hand.ts";

const allowance = { mostBytes: 3_000_000, exceeded: () => new AppError("too_large", "Too much.") };
const rules = { bytesPerSecond: 0 };
const megabyte = 1_000_000;

/** Where each file goes is a test's own to say; what came back. */
let place: (filename: string, log: string[]) => Partial<Place>;
let server: Bun.Server<undefined>;
beforeAll(() => {
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    async fetch(request) {
      const log: string[] = [];
      const say = (word: string, filename: string) => () => void log.push(`${filename} ${word}`);
      try {
        const after = await receiveForm(request, rules, ({ filename }) => ({
          allowance,
          take: () => {},
          arrived: say("arrived", filename),
          refused: ({ code }) => void log.push(`${filename} ${code}`),
          ...place(filename, log),
        }));
        return Response.json({ log, after });
      } catch (error) {
        return Response.json({ log, error: error instanceof AppError ? error.code : String(error) });
      }
    },
  });
});
afterAll(() => server.stop(true));

interface Told {
  log: string[];
  after?: Record<string, string>;
  error?: string;
}

async function send(...parts: Parameters<typeof formBody>[0]): Promise<Told> {
  const { body } = formBody(parts);
  const answer = await fetch(server.url, { method: "POST", headers: formType, body: new Uint8Array(body) });
  // The end of a file can be heard of when the next one has begun.
  const { log, ...told } = (await answer.json()) as Told;
  return { log: log.toSorted(), ...told };
}

const file = (name: string, megabytes: number) =>
  ["file", new Uint8Array(megabytes * megabyte).fill(name.codePointAt(0) ?? 0), name] as const;

describe("while a file's bytes are taken, no more of the form is read", () => {
  test("one piece at a time, and each file to its end", async () => {
    let taking = 0;
    place = (filename, log) => ({
      async take(chunk) {
        if (++taking > 1) log.push(`${filename} overtook`);
        await Bun.sleep(1);
        if (chunk.some((byte) => byte !== filename.codePointAt(0)))
          log.push(`${filename} got another's bytes`);
        taking -= 1;
      },
      async arrived() {
        await Bun.sleep(20);
        log.push(`${filename} arrived`);
      },
    });
    const { log, after } = await send(file("a", 2), file("b", 1), file("c", 0), ["title", "last"]);
    expect(log).toEqual(["a arrived", "b arrived", "c arrived"]);
    expect(after).toEqual({ title: "last" });
  });

  test("and so its sender waits", async () => {
    let [sent, taken, most] = [0, 0, 0];
    place = () => ({
      allowance: { ...allowance, mostBytes: Infinity },
      take: (chunk) => Bun.sleep(5).then(() => void (taken += chunk.length)),
    });
    const { body } = formBody([file("a", 100)]);
    const sending = await postByHand(server.url.href, body, {
      headers: formType,
      onPiece(bytes) {
        sent += bytes;
        most = Math.max(most, sent - taken);
      },
    });
    await sending.sendUpTo();
    expect((await sending.answer).status).toBe(200);
    expect(taken).toBe(100 * megabyte);
    // What the two ends of a connection hold.
    expect(most).toBeLessThan(30 * megabyte);
  });
});

describe("what can't stay does not stop the others", () => {
  test("since it is more than may come", async () => {
    place = () => ({});
    const { log } = await send(file("a", 1), file("b", 4), file("c", 1));
    expect(log).toEqual(["a arrived", "b too_large", "c arrived"]);
  });

  const full = () => new AppError("storage_unreachable", "Away.");
  test.each([
    [
      "at once",
      () => {
        throw full();
      },
    ],
    [
      "later",
      () =>
        Bun.sleep(5).then(() => {
          throw full();
        }),
    ],
  ])("since where it goes says so, %s; and it gets no more of it", async (_, take) => {
    let calls = 0;
    place = (filename) =>
      filename === "b" ? { take: () => (calls++, take()) } : filename === "c" ? { arrived: take } : {};
    const { log } = await send(file("a", 1), file("b", 2), file("c", 1), file("d", 1));
    expect(log).toEqual(["a arrived", "b storage_unreachable", "c storage_unreachable", "d arrived"]);
    expect(calls).toBe(1);
  });

  test("unless it says that all is over, or that is a mistake of ours", async () => {
    place = (filename) =>
      filename === "b"
        ? {
            take: () => Promise.reject(full()),
            refused: (error) => {
              throw error;
            },
          }
        : {};
    const three = [file("a", 1), file("b", 1), file("c", 1)] as const;
    expect((await send(...three)).error).toBe("storage_unreachable");
    place = (filename) =>
      filename === "b"
        ? {
            take: () => {
              throw new Error("a bug");
            },
          }
        : {};
    expect((await send(...three)).error).toBe("Error: a bug");
  });
});
