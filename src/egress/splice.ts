import { dlopen, FFIType, read } from "bun:ffi";
import type { Socket } from "bun";

/** What was taken from one socket: how many bytes, and those among them that the other one did not take. */
export interface Spliced {
  bytes: number;
  rest: Buffer | null;
  /** One of the two broke. Bun won't say so any more: the kernel names an error once, and it was named here. */
  broke: boolean;
}

/** Takes what lies ready at one socket and hands it to the other; waits for neither. */
export type Splice = (from: Socket<unknown>, to: Socket<unknown>) => Spliced;

/** More than this in one go would keep others waiting. */
const mostBytes = 8 * 1024 * 1024;
/** What anybody may have (pipe(7)); with less it is slower, and as right. */
const pipeBytes = 1024 * 1024;
// pipe(2), fcntl(2) and splice(2) of Linux.
const [O_NONBLOCK, O_CLOEXEC, F_SETPIPE_SZ, SPLICE_F_MOVE, SPLICE_F_NONBLOCK] = [
  0o4000, 0o2000000, 1031, 1, 2,
];
/** EPERM, EINTR, EAGAIN, ENOMEM, EINVAL and ENOSYS say that nothing went; all others, that the connection is no more. */
const harmless: ReadonlySet<number> = new Set([1, 4, 11, 12, 22, 38]);
const nothing: Spliced = { bytes: 0, rest: null, broke: false };

let made: Splice | null | undefined;

/** Lets bytes pass within the kernel, which takes half the processor time of reading and writing them. Null where that is not to be had. */
export function spliceOfSystem(): Splice | null {
  if (made === undefined) made = process.platform === "linux" ? makeSplice() : null;
  return made;
}

/** One pipe is enough for all: it is empty whenever anybody else has their turn. */
function makeSplice(): Splice | null {
  const libc = openLibc();
  const ends = new Int32Array(2);
  if (libc === null || libc.pipe2(ends, O_NONBLOCK | O_CLOEXEC) !== 0) return null;
  const [exit = -1, entry = -1] = ends;
  const errnoAt = libc.__errno_location();
  if (errnoAt === null) return null;
  libc.fcntl(entry, F_SETPIPE_SZ, pipeBytes);
  let broke = false;
  const move = (from: number, to: number, most: number) => {
    const moved = Number(libc.splice(from, null, to, null, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK));
    if (moved < 0) broke ||= !harmless.has(read.i32(errnoAt));
    return Math.max(0, moved);
  };
  const readRest = (length: number) => {
    const rest = Buffer.allocUnsafeSlow(length);
    if (Number(libc.read(exit, rest, length)) !== length) throw new Error("a pipe holds less than it took");
    return rest;
  };
  const pass = (from: number, to: number): Spliced => {
    broke = false;
    let bytes = 0;
    while (bytes < mostBytes) {
      const taken = move(from, entry, pipeBytes);
      bytes += taken;
      if (taken === 0) break;
      let left = taken;
      for (let went = 1; left > 0 && went > 0; left -= went) went = move(exit, to, left);
      if (left > 0) return { bytes, rest: readRest(left), broke };
    }
    return { bytes, rest: null, broke };
  };
  // What a failure left in the pipe would come out at somebody else's connection: then it is not used again.
  let empty = true;
  return (source, target) => {
    const [from, to] = [descriptorOf(source), descriptorOf(target)];
    if (!empty || from < 0 || to < 0) return nothing;
    empty = false;
    const spliced = pass(from, to);
    empty = true;
    return spliced;
  };
}

/** Bun's sockets have it, its types don't say so. -1 where it is closed. */
function descriptorOf(socket: Socket<unknown>): number {
  return (socket as { fd?: number }).fd ?? -1;
}

function openLibc() {
  try {
    return dlopen("libc.so.6", {
      pipe2: { args: ["buffer", "int"], returns: "int" },
      fcntl: { args: ["int", "int", "int"], returns: "int" },
      splice: { args: ["int", "ptr", "int", "ptr", "usize", "u32"], returns: FFIType.i64_fast },
      __errno_location: { args: [], returns: "ptr" },
      read: { args: ["int", "buffer", "usize"], returns: FFIType.i64_fast },
    }).symbols;
  } catch {
    return null;
  }
}
