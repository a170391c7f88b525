import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";

type Interfaces = ReturnType<typeof networkInterfaces>;

/**
 * Where a browser finds a server that listens on this host, "http://192.0.2.7:8080". In a container it is the machine
 * around it that has the port, and only that machine's people know its name.
 */
export function shownAddress(
  host: string,
  port: number,
  { isContainer, interfaces }: { isContainer: boolean; interfaces: Interfaces },
): string {
  return `http://${shownHost(host, isContainer, interfaces)}:${port}`;
}

/** Docker and Podman leave a file behind that says so. */
export function surroundings(): { isContainer: boolean; interfaces: Interfaces } {
  const isContainer = existsSync("/.dockerenv") || existsSync("/run/.containerenv");
  return { isContainer, interfaces: networkInterfaces() };
}

function shownHost(host: string, isContainer: boolean, interfaces: Interfaces): string {
  if (host !== "0.0.0.0" && host !== "::") return host.includes(":") ? `[${host}]` : host;
  if (isContainer) return "localhost";
  const all = Object.values(interfaces).flatMap((list) => list ?? []);
  return all.find((one) => one.family === "IPv4" && !one.internal)?.address ?? "localhost";
}
