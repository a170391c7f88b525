import type BetterSqlite3 from "better-sqlite3";

/**
 * better-sqlite3 with the prebuilt addon of this platform. Each is required by its own name so that the
 * single binary carries the one it needs; from source the package finds its addon by itself.
 */
export function loadDriver(): typeof BetterSqlite3 {
  if (process.platform === "linux" && process.arch === "x64") return require("better-sqlite3/linux-x64");
  if (process.platform === "linux" && process.arch === "arm64") return require("better-sqlite3/linux-arm64");
  return require("better-sqlite3");
}
