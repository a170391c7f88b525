import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAppError } from "../../src/lib/errors.ts";
import type { Storage } from "../../src/storage/storage.ts";

export interface SuiteOptions {
  /** How many keys the order of a long list is tried with. */
  listLength?: number;
  /** A quicker way to put that many empty objects there than one `put` each. */
  fill?: (keys: string[]) => Promise<void>;
}

/** What every `Storage` keeps, whatever it is made of. `open` gives an empty one. */
export function testStorage(title: string, open: () => Promise<Storage>, options: SuiteOptions = {}) {
  describe(title, () => {
    let storage: Storage;
    const folder = mkdtempSync(join(tmpdir(), "storage-suite-"));
    beforeAll(async () => {
      storage = await open();
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    const text = async (key: string, range?: { start: number; end: number }) =>
      new Response(await storage.read(key, range)).text();

    test("bytes come back as they were", async () => {
      await storage.put("a/bytes.bin", noise(300_000));
      expect(await bytesOf(storage, "a/bytes.bin")).toEqual(noise(300_000));
      expect(await storage.find("a/bytes.bin")).toMatchObject({ key: "a/bytes.bin", sizeBytes: 300_000 });
    });

    test("so do streams of unknown length, with chunks of every size", async () => {
      const whole = noise(6_000_000);
      await storage.put("a/stream.bin", inPieces(whole, [1, 0, 70_000, 5_500_000]));
      expect(await bytesOf(storage, "a/stream.bin")).toEqual(whole);
    });

    test("nothing at all can be stored, as bytes and as a stream", async () => {
      await storage.put("a/empty", new Uint8Array());
      await storage.put("a/empty-stream", inPieces(new Uint8Array(), []));
      for (const key of ["a/empty", "a/empty-stream"]) {
        expect(await storage.find(key)).toMatchObject({ sizeBytes: 0 });
        expect(await text(key)).toBe("");
      }
    });

    test("a local file is moved in", async () => {
      const path = join(folder, "local");
      writeFileSync(path, noise(200_000));
      await storage.putFile("b/moved.bin", path);
      expect(await bytesOf(storage, "b/moved.bin")).toEqual(noise(200_000));
      expect(existsSync(path)).toBe(false);
    });

    test("or copied in, where it is to be kept", async () => {
      const path = join(folder, "kept");
      writeFileSync(path, noise(200_000));
      await storage.putFile("b/copied.bin", path, { keep: true });
      expect(await bytesOf(storage, "b/copied.bin")).toEqual(noise(200_000));
      expect(noise(200_000).equals(readFileSync(path))).toBe(true);
      writeFileSync(path, "changed afterwards");
      expect(await bytesOf(storage, "b/copied.bin")).toEqual(noise(200_000));
    });

    test("so is one that is too large for one piece", async () => {
      const path = join(folder, "large");
      writeFileSync(path, noise(11_000_000));
      await storage.putFile("b/large.bin", path);
      expect((await bytesOf(storage, "b/large.bin")).equals(noise(11_000_000))).toBe(true);
      expect(existsSync(path)).toBe(false);
    });

    test("a link is not moved in, nor what it leads to", async () => {
      writeFileSync(join(folder, "private"), "not for the storage");
      symlinkSync(join(folder, "private"), join(folder, "link"));
      expect(await failure(storage.putFile("b/link", join(folder, "link")))).toBeDefined();
      expect(await storage.find("b/link")).toBeNull();
      expect(existsSync(join(folder, "private"))).toBe(true);
    });

    test("a local file replaces what was there", async () => {
      await storage.put("b/replaced", Buffer.from("old and longer"));
      writeFileSync(join(folder, "new"), "new");
      await storage.putFile("b/replaced", join(folder, "new"));
      expect(await text("b/replaced")).toBe("new");
    });

    test("a local file that is not there changes nothing", async () => {
      await storage.put("b/kept", Buffer.from("kept"));
      expect(await failure(storage.putFile("b/kept", join(folder, "nowhere")))).toBeDefined();
      expect(await text("b/kept")).toBe("kept");
    });

    test("a range is inclusive at both ends, and cut at the end of the object", async () => {
      await storage.put("r", Buffer.from("0123456789"));
      expect(await text("r", { start: 0, end: 0 })).toBe("0");
      expect(await text("r", { start: 3, end: 5 })).toBe("345");
      expect(await text("r", { start: 9, end: 9 })).toBe("9");
      expect(await text("r", { start: 7, end: 4_000_000 })).toBe("789");
    });

    test("what is not there is not_found to read, null to find, and fine to delete", async () => {
      expect(await storage.find("no/such")).toBeNull();
      expect(await codeOf(storage.read("no/such"))).toBe("not_found");
      expect(await codeOf(storage.withLocalFile("no/such", async () => {}))).toBe("not_found");
      await storage.delete("no/such");
      await storage.delete("no/such");
    });

    test("what was deleted is gone, and its neighbours are not", async () => {
      await storage.put("d/one", Buffer.from("1"));
      await storage.put("d/two", Buffer.from("2"));
      await storage.delete("d/one");
      expect(await storage.find("d/one")).toBeNull();
      expect(await text("d/two")).toBe("2");
      await storage.delete("d/two");
      expect(await keysOf(storage, "d/")).toEqual([]);
      await storage.put("d/one", Buffer.from("again"));
      expect(await text("d/one")).toBe("again");
    });

    test.each([
      "",
      "/x",
      "x/",
      "x//y",
      "..",
      "../x",
      "x/../../y",
      ".",
      "x/.y",
      "x y",
      "x\ny",
      "x\0",
      "ü",
      "x\\y",
    ])("%p is refused as a key, whatever is done with it", async (key) => {
      const local = join(folder, "refused");
      writeFileSync(local, "stays");
      const tries = [
        () => storage.put(key, new Uint8Array(1)),
        () => storage.putFile(key, local),
        () => storage.find(key),
        () => storage.read(key),
        () => storage.delete(key),
        () => storage.withLocalFile(key, async () => {}),
      ];
      for (const attempt of tries) expect(await codeOf(attempt())).toBe("invalid_input");
      expect(existsSync(local)).toBe(true);
    });

    test("a stream that fails leaves nothing behind, and its own error is what is thrown", async () => {
      const broken = new Error("the sender went away");
      expect(await failure(storage.put("f/new", failingAfter(noise(6_000_000), broken)))).toBe(broken);
      expect(await keysOf(storage, "f/")).toEqual([]);
      await storage.put("f/old", Buffer.from("old"));
      expect(await failure(storage.put("f/old", failingAfter(noise(10), broken)))).toBe(broken);
      expect(await text("f/old")).toBe("old");
    });

    test("who reads while it is overwritten gets the old or the new, never some of each", async () => {
      const [a, b] = [Buffer.alloc(700_000, "a"), Buffer.alloc(500_000, "b")];
      await storage.put("o", a);
      const writes = Array.from({ length: 10 }, (_, i) => inPieces(i % 2 ? a : b, [1000, 300_000]));
      const writer = writes.reduce(
        (last, body) => last.then(() => storage.put("o", body)),
        Promise.resolve(),
      );
      const ended = writer.then(() => "ended");
      const seen = new Set<string>();
      do {
        const got = await bytesOf(storage, "o");
        seen.add(got.equals(a) ? "a" : got.equals(b) ? "b" : `neither: ${got.length} bytes`);
      } while ((await Promise.race([ended, "writing"])) !== "ended");
      expect([...seen].filter((one) => one.length > 1)).toEqual([]);
    });

    test("of many writers of one key, one wins completely", async () => {
      const bodies = Array.from({ length: 12 }, (_, i) => Buffer.alloc(100_000 + i, i));
      await Promise.all(bodies.map((body) => storage.put("w/same", inPieces(body, [50_000]))));
      const got = await bytesOf(storage, "w/same");
      expect(bodies.some((body) => body.equals(got))).toBe(true);
      expect(await keysOf(storage, "w/")).toEqual(["w/same"]);
    });

    test("writers and deleters of neighbours don't get in each other's way", async () => {
      const work = Array.from({ length: 60 }, async (_, i) => {
        const key = `n/folder/${i}`;
        await storage.put(key, Buffer.from(key));
        if (i % 2 === 1) await storage.delete(key);
      });
      await Promise.all(work);
      const even = Array.from({ length: 30 }, (_, i) => `n/folder/${2 * i}`);
      expect(await keysOf(storage, "n/")).toEqual(even.toSorted());
    });

    test("a list goes by whole keys, byte by byte, and below its prefix only", async () => {
      const all = ["l/a-b/c", "l/a.b", "l/a/b", "l/a/b-c", "l/a/c/d", "l/a0", "l/B", "l/b"].toSorted();
      for (const key of all.toReversed()) await storage.put(key, Buffer.from(key));
      expect(await keysOf(storage, "l/")).toEqual(all);
      expect(await keysOf(storage, "l/a/")).toEqual(["l/a/b", "l/a/b-c", "l/a/c/d"]);
      expect(await keysOf(storage, "l/a")).toEqual(all.filter((key) => key.startsWith("l/a")));
      expect(await keysOf(storage, "l/zzz")).toEqual([]);
      for await (const { key, sizeBytes } of storage.list("l/")) expect(sizeBytes).toBe(key.length);
    });

    test("a long list is complete and in order", async () => {
      const count = options.listLength ?? 2500;
      const keys = Array.from({ length: count }, (_, i) => `m/${i % 100}/${i}`);
      await (options.fill ?? putAll)(keys);
      expect(await keysOf(storage, "m/")).toEqual(keys.toSorted());
    }, 120_000);

    async function putAll(keys: string[]) {
      for (let i = 0; i < keys.length; i += 50) {
        await Promise.all(keys.slice(i, i + 50).map((key) => storage.put(key, new Uint8Array())));
      }
    }

    test("a list can be left early", async () => {
      for (const key of ["e/1", "e/2", "e/3"]) await storage.put(key, new Uint8Array());
      for await (const { key } of storage.list("e/")) {
        expect(key).toBe("e/1");
        break;
      }
    });

    test("a reader can be left early", async () => {
      await storage.put("c/long", noise(3_000_000));
      for (let i = 0; i < 20; i++) {
        const reader = (await storage.read("c/long")).getReader();
        await reader.read();
        await reader.cancel();
      }
    });

    test("a local file is lent with the object's bytes, and the borrower's result and errors come through", async () => {
      await storage.put("x/lent", Buffer.from("lent"));
      expect(await storage.withLocalFile("x/lent", (path) => Bun.file(path).text())).toBe("lent");
      const own = new Error("mine");
      expect(await failure(storage.withLocalFile("x/lent", () => Promise.reject(own)))).toBe(own);
      expect(await text("x/lent")).toBe("lent");
    });

    test("browsers get the bytes in the way that it names", async () => {
      await storage.put("y/shown.bin", noise(3000));
      const delivery = storage.delivery("y/shown.bin");
      const link = { expiresSeconds: 60, mime: "video/mp4", disposition: 'attachment; filename="x.mp4"' };
      if (delivery.way === "file") expect(await Bun.file(delivery.path).bytes()).toEqual(bytes(noise(3000)));
      if (delivery.way === "stream") expect(await bytesOf(storage, "y/shown.bin")).toEqual(noise(3000));
      if (delivery.way === "link") {
        const answer = await fetch(await delivery.sign(link), { headers: { range: "bytes=1-9" } });
        expect(answer.status).toBe(206);
        expect(answer.headers.get("content-type")).toBe(link.mime);
        expect(answer.headers.get("content-disposition")).toBe(link.disposition);
        expect(await answer.bytes()).toEqual(bytes(noise(3000).subarray(1, 10)));
      }
      expect(() => storage.delivery("../etc/passwd")).toThrow();
    });

    test("free space is a number, or not known", async () => {
      const free = await storage.freeBytes();
      expect(free === null || free > 0).toBe(true);
    });
  });
}

const bytes = (buffer: Buffer) => new Uint8Array(buffer);

/** The same bytes each time, without a pattern that would hide a chunk in the wrong place. */
export function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** A stream of pieces of these lengths, and of the rest. */
export function inPieces(bytes: Uint8Array, lengths: number[]): ReadableStream<Uint8Array> {
  let position = 0;
  const pieces = [...lengths, bytes.length].map((length) => bytes.subarray(position, (position += length)));
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece) controller.enqueue(piece);
      else controller.close();
    },
  });
}

function failingAfter(bytes: Uint8Array, error: Error): ReadableStream<Uint8Array> {
  let sent = false;
  return new ReadableStream({
    pull(controller) {
      if (sent) return controller.error(error);
      controller.enqueue(bytes);
      sent = true;
    },
  });
}

export async function bytesOf(storage: Storage, key: string): Promise<Buffer> {
  return Buffer.from(await new Response(await storage.read(key)).arrayBuffer());
}

export async function keysOf(storage: Storage, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list(prefix)) keys.push(key);
  return keys;
}

export async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** The AppError's code, or what came instead. */
export async function codeOf(work: Promise<unknown>): Promise<unknown> {
  const error = await failure(work);
  return isAppError(error) ? error.code : error;
}
