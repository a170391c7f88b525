import type { Config } from "../config.ts";
import { allS3Options } from "../storage/s3/configured.ts";
import type { SetupStep } from "../storage/s3/setup.ts";
import { CommandFailed } from "./terminal.ts";

/** Sets up the configured bucket. The exit code is 1 where the server refused something. */
export async function setUp(
  config: Config,
  { show, json }: { show: boolean; json: boolean },
): Promise<number> {
  if (config["storage.s3"].bucket === "")
    throw new CommandFailed("There is no bucket to set up: name one in [storage.s3] bucket.");
  const { setUpBucket } = await import("../storage/s3/setup.ts");
  const { public_url: publicUrl } = config.server;
  const origin = publicUrl && new URL(publicUrl).origin;
  const steps = await setUpBucket(allS3Options(config), { origin, show });
  if (json) console.log(JSON.stringify(steps, null, 2));
  else {
    for (const step of steps) tell(step);
    if (origin === "")
      console.log("cors: not set. Set [server] public_url: it is the site that browsers come from.");
  }
  return steps.some(({ outcome }) => outcome === "refused") ? 1 : 0;
}

function tell({ what, outcome, reason, wanted }: SetupStep): void {
  if (outcome === "was so") return console.log(`${what}: was set already.`);
  if (outcome === "set") return console.log(`${what}: set.`);
  const rules = JSON.stringify(wanted, null, 2);
  if (outcome === "shown") return console.log(`${what}: should be\n${rules}`);
  console.log(`${what}: the server refused it (${reason}). ${advice[what]} It should be\n${rules}`);
}

const advice: Record<SetupStep["what"], string> = {
  cors: "MinIO has no such rules, and lets every site unless MINIO_API_CORS_ALLOW_ORIGIN says otherwise. Elsewhere somebody with the right has to set it.",
  lifecycle:
    "MinIO needs none, and clears such uploads away after a day. Elsewhere somebody with the right has to set it.",
};
