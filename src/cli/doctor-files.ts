import type { Config } from "../config.ts";
import type { StorageName } from "../db/schema.ts";
import type { Deps } from "../deps.ts";
import { checkStorage, mendStorage, usesStorage } from "../features/storage/storage.ts";
import type { Mending, StorageReport, Trouble } from "../features/storage/storage.ts";
import { formatBytes } from "../lib/bytes.ts";
import { isAppError } from "../lib/errors.ts";
import type { Finding } from "./finding.ts";
import type { Program } from "./terminal.ts";

const places: Record<StorageName, string> = { disk: "files on the disk", s3: "files in the bucket" };

/** Whether every file that the database names is stored, in each storage that is in use; with `fix` what can be mended is. */
export async function checkFiles({ loadApp }: Program, config: Config, fix: boolean): Promise<Finding[]> {
  const { openApp } = await loadApp();
  const app = openApp(config);
  try {
    const findings: Finding[] = [];
    for (const name of ["disk", "s3"] as const) {
      if (usesStorage(app.deps, name)) findings.push(await checkOne(app.deps, name, fix));
    }
    return findings;
  } finally {
    await app.stop();
  }
}

async function checkOne(deps: Deps, name: StorageName, fix: boolean): Promise<Finding> {
  const what = places[name];
  try {
    const report = await checkStorage(deps, name);
    return { what, ...judge(report, fix ? await mendStorage(deps, report) : null) };
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { what, ok: false, says: [error.message, error.hint].filter(Boolean).join(" ") };
  }
}

/** In words. What was mended is wrong no more. */
function judge(report: StorageReport, mending: Mending | null): Omit<Finding, "what"> {
  const { sound, lost, damaged, strays, unsettled, foreign } = report;
  const says = [`${countOf(sound.files, "file")}, ${formatBytes(sound.bytes)}`];
  if (lost.count > 0) says.push(`${lost.count} more should be there and are not`);
  if (damaged.count > 0) says.push(`${damaged.count} more are of another size than they should be`);
  if (strays.count > 0)
    says.push(`${countOf(strays.count, "file")} (${formatBytes(strays.bytes)}) belong to nothing`);
  if (unsettled > 0) says.push(`${unsettled} are new or about to be removed`);
  if (foreign > 0) says.push(`${foreign} are not Homereel's and are left alone`);
  if (mending) says.push(...tell(mending));
  else if (strays.count > 0 || hasPictures(lost) || hasPictures(damaged))
    says.push("--fix mends what is safe");
  const straysLeft = strays.count - (mending?.removed ?? 0);
  const troublesLeft = lost.count + damaged.count - (mending?.mended ?? 0);
  return {
    ok: straysLeft <= 0 && troublesLeft <= 0,
    says: says.join("; "),
    details: [
      ...lost.examples.map((one) => `gone: ${describe(one)}`),
      ...damaged.examples.map((one) => `damaged: ${describe(one)}`),
      ...strays.examples.map((key) => `belongs to nothing: ${key}`),
    ],
  };
}

function tell({ removed, pictures, refused }: Mending): string[] {
  const told: string[] = [];
  if (removed > 0) told.push(`removed ${countOf(removed, "file")}`);
  if (pictures > 0)
    told.push(`the server takes the pictures of ${countOf(pictures, "video")} again, when it runs`);
  if (refused !== null) told.push(`nothing was removed: ${refused}`);
  return told;
}

function describe({ key, named }: Trouble): string {
  const title = named.title === "" ? "" : ` “${named.title}”`;
  return `${named.kind} of the ${named.of}${title} (${named.id}), ${key}`;
}

function hasPictures({ examples }: { examples: Trouble[] }): boolean {
  return examples.some(({ named }) => named.kind === "thumbnail" || named.kind === "poster");
}

function countOf(n: number, what: string): string {
  return n === 1 ? `1 ${what}` : `${n} ${what}s`;
}
