// Builds the Dockerfile for real, starts the image as compose.yaml does, and looks at it from outside and inside.
// `bun scripts/check-image.ts`. Uses Docker where an engine answers, else buildah as root.
import { findBuildah } from "./check-image/buildah.ts";
import { findDocker } from "./check-image/docker.ts";
import type { Engine, RunningImage } from "./check-image/engine.ts";
import { startChecklist } from "./checks/checklist.ts";
import { getWhenReady } from "./checks/http.ts";

const programs = { "yt-dlp": "--version", ffmpeg: "-version", ffprobe: "-version", deno: "--version" };

const list = startChecklist();
await checkImage();
process.exitCode = list.finish();

async function checkImage(): Promise<void> {
  const engine = (await findDocker()) ?? (await findBuildah());
  if (typeof engine === "string") return list.skip("the container image", engine);
  try {
    const isBuilt = await list.check(`it builds (with ${engine.name})`, () => engine.build());
    if (isBuilt) await checkBuilt(engine);
  } finally {
    await engine.dispose();
  }
}

async function checkBuilt(engine: Engine): Promise<void> {
  const image = await engine.start();
  const starts = await list.check("it starts on a read-only root without any capability", () =>
    getWhenReady(new URL("/healthz", image.url), 30_000),
  );
  if (starts) await checkRunning(image);
  else console.log(await image.log());
  await list.check("SIGTERM stops it with exit code 0", async () => {
    const exitCode = await image.stop();
    if (exitCode !== 0) throw new Error(`exit code ${exitCode}\n${await image.log()}`);
  });
}

async function checkRunning(image: RunningImage): Promise<void> {
  await list.check("GET /login answers", () => getWhenReady(new URL("/login", image.url), 5_000));
  await list.check("its health check is content", () => image.exec(image.healthCheck));
  await list.check("the server isn't root", async () => {
    const owner = await image.exec(["stat", "-c", "%U", "/proc/1"]);
    if (owner.trim() === "root") throw new Error("process 1 belongs to root");
  });
  for (const [program, flag] of Object.entries(programs)) {
    await list.check(`${program} works inside`, async () => {
      console.log(`      ${(await image.exec([program, flag])).split("\n")[0]}`);
    });
  }
  await list.check("homereel doctor finds nothing wrong", () => image.exec(["homereel", "doctor"]));
}
