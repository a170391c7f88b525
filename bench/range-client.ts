import { dlopen, FFIType } from "bun:ffi";

/**
 * The load of bench/range.ts, in a process of its own: keep-alive connections that each ask for random
 * ranges of one file. It calls the C library itself, because bodies are then thrown away inside the
 * kernel (MSG_TRUNC): a client that copies them out is slower than the servers it measures.
 * Linux only. Argument: a `LoadPlan` in JSON; prints a `LoadResult` in JSON.
 */
export interface LoadPlan {
  port: number;
  path: string;
  headers: Record<string, string>;
  fileBytes: number;
  /** 0 asks for the whole file. */
  rangeBytes: number;
  connections: number;
  seconds: number;
  /** Each connection takes about 160 KB/s. */
  slow?: boolean;
}

export interface LoadResult {
  bytes: number;
  requests: number;
  seconds: number;
}

interface Connection {
  fd: number;
  /** Bytes of the body that are still to come; -1 while the head is. */
  left: number;
  head: string;
}

const { symbols: libc } = dlopen("libc.so.6", {
  socket: { args: ["int", "int", "int"], returns: "int" },
  connect: { args: ["int", "buffer", "int"], returns: "int" },
  send: { args: ["int", "buffer", "usize", "int"], returns: FFIType.i64_fast },
  recv: { args: ["int", "buffer", "usize", "int"], returns: FFIType.i64_fast },
  poll: { args: ["buffer", FFIType.u64_fast, "int"], returns: "int" },
});
const [AF_INET, SOCK_STREAM, POLLIN, MSG_TRUNC, MSG_DONTWAIT] = [2, 1, 1, 0x20, 0x40];

const plan: LoadPlan = JSON.parse(process.argv[2] ?? "");
const lines = Object.entries({ Host: "localhost", ...plan.headers }).map(
  ([name, value]) => `${name}: ${value}`,
);
const requestStart = `GET ${plan.path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n`;
const room = Buffer.alloc(16 * 1024);
const result: LoadResult = { bytes: 0, requests: 0, seconds: 0 };

const connections = Array.from({ length: plan.connections }, connect);
const pollList = new DataView(new ArrayBuffer(8 * connections.length));
connections.forEach(({ fd }, i) => {
  pollList.setInt32(8 * i, fd, true);
  pollList.setInt16(8 * i + 4, POLLIN, true);
});

const startedAt = performance.now();
connections.forEach(ask);
while (performance.now() - startedAt < plan.seconds * 1000) {
  if (plan.slow) await Bun.sleep(100);
  libc.poll(pollList, connections.length, 1000);
  connections.forEach((connection, i) => {
    if (pollList.getInt16(8 * i + 6, true) !== 0) receive(connection);
  });
}
result.seconds = (performance.now() - startedAt) / 1000;
console.log(JSON.stringify(result));

function connect(): Connection {
  const fd = libc.socket(AF_INET, SOCK_STREAM, 0);
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(plan.port, 2);
  address.set([127, 0, 0, 1], 4);
  if (libc.connect(fd, address, address.length) !== 0) throw new Error(`nobody listens on ${plan.port}`);
  return { fd, left: -1, head: "" };
}

function ask(connection: Connection) {
  connection.left = -1;
  connection.head = "";
  const start = Math.floor(Math.random() * (plan.fileBytes - plan.rangeBytes));
  const range = plan.rangeBytes === 0 ? "" : `Range: bytes=${start}-${start + plan.rangeBytes - 1}\r\n`;
  const text = Buffer.from(`${requestStart}${range}\r\n`);
  if (Number(libc.send(connection.fd, text, text.length, 0)) !== text.length)
    throw new Error("the request did not fit");
}

function receive(connection: Connection) {
  if (connection.left < 0) return receiveHead(connection);
  const most = plan.slow ? room.length : connection.left;
  const got = Number(
    libc.recv(connection.fd, room, Math.min(most, connection.left), MSG_TRUNC | MSG_DONTWAIT),
  );
  if (got === 0) throw new Error("the server closed a connection");
  if (got > 0) receivedBody(connection, got);
}

function receiveHead(connection: Connection) {
  // Small enough that little of the body is copied.
  const got = Number(libc.recv(connection.fd, room, 1024, MSG_DONTWAIT));
  if (got === 0) throw new Error("the server closed a connection");
  if (got < 0) return;
  connection.head += room.toString("latin1", 0, got);
  const end = connection.head.indexOf("\r\n\r\n");
  if (end < 0) return;
  const length = Number(/content-length: (\d+)/i.exec(connection.head)?.[1]);
  const isGood = /^HTTP\/1.1 20[06] /.test(connection.head) && length === (plan.rangeBytes || plan.fileBytes);
  if (!isGood) throw new Error(`unexpected answer:\n${connection.head.slice(0, end)}`);
  connection.left = length;
  receivedBody(connection, connection.head.length - end - 4);
}

function receivedBody(connection: Connection, count: number) {
  result.bytes += count;
  connection.left -= count;
  if (connection.left > 0) return;
  result.requests++;
  ask(connection);
}
