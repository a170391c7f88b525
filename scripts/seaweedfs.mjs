// Builds SeaweedFS's server as well, for whoever tests S3 with it too: `node scripts/seaweedfs.mjs` prints where it is. It is
// large, and no part of the normal set-up; `HOMEREEL_TEST_S3=seaweedfs npm run test:s3` wants it. Exit code 1: it can't.
import { cpSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { builtServer, printProgram } from "./setup/built-server.mjs";
import { run } from "./setup/shell.mjs";

// 4.53. Its releases are tagged in a way that Go does not know: they have no other names there.
const version = "v0.0.0-20261109003541-7506e5f91cd6";
const source = `github.com/seaweedfs/seaweedfs@${version}`;

const seaweedfs = builtServer({ name: "seaweedfs", version, oldestGo: "1.26.6", build });

/** A step of scripts/setup. */
export const seaweedfsStep = {
  name: "SeaweedFS",
  why: "another S3 server to test with, built from its source",
  ...seaweedfs.step,
};

if (import.meta.main ?? process.argv[1] === import.meta.filename) printProgram("SeaweedFS", seaweedfs);

/** Its go.mod replaces a module, with which `go install` builds nothing that is not its own: so it becomes our own. */
function build(go, folder, program) {
  const { Dir } = JSON.parse(run(go, ["mod", "download", "-json", source], { cwd: folder }));
  const copy = mkdtempSync(join(folder, "source-"));
  try {
    cpSync(Dir, copy, { recursive: true });
    // What Go keeps is read-only, and stays so when it is copied.
    run("chmod", ["-R", "u+w", copy]);
    const flags = ["-trimpath", "-ldflags", "-s -w", "-o", join(copy, "built")];
    // Whoever works on this machine meanwhile comes first.
    run("nice", ["-n", "15", go, "build", ...flags, "./weed"], { cwd: copy });
    renameSync(join(copy, "built"), program);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
