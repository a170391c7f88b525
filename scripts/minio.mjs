// Builds MinIO's server for the tests, since it is no longer distributed as a binary: `node scripts/minio.mjs` prints
// where it is. Takes some minutes once; later it is there at once. Exit code 1: it can't, and says why.
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { builtServer, printProgram } from "./setup/built-server.mjs";
import { run } from "./setup/shell.mjs";

const version = "v0.0.0-20260212201848-7aac2a2c5b7c";

const minio = builtServer({ name: "minio", version, oldestGo: "1.24", build });

/** A step of scripts/setup. */
export const minioStep = {
  name: "MinIO",
  why: "the S3 server that the tests store in, built from its source",
  ...minio.step,
};

if (import.meta.main ?? process.argv[1] === import.meta.filename) printProgram("MinIO", minio);

function build(go, folder, program) {
  const bin = join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  const flags = ["-trimpath", "-ldflags", "-s -w"];
  const env = { ...process.env, GOBIN: bin };
  // Whoever works on this machine meanwhile comes first.
  run("nice", ["-n", "15", go, "install", ...flags, `github.com/minio/minio@${version}`], { env });
  renameSync(join(bin, "minio"), program);
  rmSync(bin, { recursive: true });
}
