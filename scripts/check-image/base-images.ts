import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { command } from "../checks/command.ts";

/** Runs buildah and returns what it printed; throws where it fails. */
export type Buildah = (args: string[], timeoutMs?: number) => Promise<string>;

/**
 * Puts an image that the Dockerfile starts from into buildah's storage: the real one where its registry can be
 * reached, else one made here from the same parts under the same name.
 */
export async function provideBase(buildah: Buildah, name: string, folder: string): Promise<void> {
  if (await isPulled(buildah, name)) return;
  const make = recipes.find(({ pattern }) => pattern.test(name))?.make;
  if (!make)
    throw new Error(`${name} can't be pulled, and there is no recipe for it in check-image/base-images.ts`);
  console.log(`      ${name} can't be pulled from here: making one`);
  await make(buildah, name, folder);
}

const recipes = [
  { pattern: /^docker\.io\/library\/debian:(\w+)-slim$/, make: makeDebian },
  { pattern: /^docker\.io\/oven\/bun:[\d.]+-slim$/, make: makeBun },
];

/** Where nobody answers, buildah would try for minutes. */
const pullTimeoutMs = 120_000;

async function isPulled(buildah: Buildah, name: string): Promise<boolean> {
  return buildah(["pull", "--quiet", name], pullTimeoutMs).then(
    () => true,
    () => false,
  );
}

async function makeDebian(buildah: Buildah, name: string, folder: string): Promise<void> {
  const [, suite = ""] = /:(\w+)-slim$/.exec(name) ?? [];
  const tree = join(folder, suite);
  await command(["debootstrap", "--variant=minbase", suite, tree], { timeoutMs: 600_000 });
  await command(["tar", "--create", "--directory", tree, "--file", `${tree}.tar`, "."]);
  await commitImage(buildah, { from: "scratch", add: `${tree}.tar`, to: "/", name });
}

async function makeBun(buildah: Buildah, name: string, folder: string): Promise<void> {
  const program = join(folder, "bun-image/bun");
  mkdirSync(join(folder, "bun-image"), { recursive: true });
  copyFileSync(process.execPath, program);
  const from = "docker.io/library/debian:trixie-slim";
  await provideBase(buildah, from, folder);
  await commitImage(buildah, { from, add: program, to: "/usr/local/bin/bun", name });
}

interface Layer {
  from: string;
  /** A file, or an archive to unpack, and where to. */
  add: string;
  to: string;
  name: string;
}

async function commitImage(buildah: Buildah, { from, add, to, name }: Layer): Promise<void> {
  const container = (await buildah(["from", "--pull-never", from])).trim();
  await buildah(["add", "--quiet", container, add, to]);
  const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  await buildah(["config", "--env", path, container]);
  await buildah(["commit", "--quiet", "--rm", container, name]);
}
