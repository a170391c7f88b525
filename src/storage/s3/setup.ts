import {
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  ListObjectsV2Command,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import type { CORSRule, LifecycleRule } from "@aws-sdk/client-s3";
import { connectBucket } from "./client.ts";
import type { Bucket } from "./client.ts";
import { onS3, s3Error } from "./errors.ts";
import type { S3Options } from "./options.ts";

/** What a bucket should have, and what came of it. */
export interface SetupStep {
  what: "cors" | "lifecycle";
  /** `refused`: by the rights of the key, or because the server knows no such thing. */
  outcome: "was so" | "set" | "refused" | "shown";
  /** The server's own word for a refusal. */
  reason: string | null;
  /** As Amazon's tools take it, with the rules of others that are there. */
  wanted: { CORSRules: CORSRule[] } | { Rules: LifecycleRule[] };
}

/** By this we know our rules again; those of others stay as they are. */
const ours = "homereel";

/** Lets browsers of this origin read from the bucket and send to it, in parts. */
export function corsRule(origin: string): CORSRule {
  return {
    ID: ours,
    AllowedOrigins: [origin],
    AllowedMethods: ["GET", "HEAD", "PUT"],
    AllowedHeaders: ["*"],
    ExposeHeaders: ["ETag", "Content-Range", "Accept-Ranges", "Content-Length"],
    MaxAgeSeconds: 3600,
  };
}

/** Parts of uploads that were cut off take space, and no listing shows them. */
export const lifecycleRule: LifecycleRule = {
  ID: ours,
  Status: "Enabled",
  Filter: { Prefix: "" },
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: 3 },
};

/** Gives the bucket what it lacks; with `show` it only looks. Throws where the bucket can't be used at all. */
export async function setUpBucket(
  options: S3Options,
  { origin, show }: { origin: string; show: boolean },
): Promise<SetupStep[]> {
  const bucket = connectBucket(options);
  // The answer to a HEAD could not say why.
  await onS3(bucket.client.send(new ListObjectsV2Command({ Bucket: bucket.name, MaxKeys: 1 })));
  const rule = corsRule(origin);
  const lifecycle = () => setLifecycle(bucket, lifecycleRule, show);
  return origin === "" ? [await lifecycle()] : [await setCors(bucket, rule, show), await lifecycle()];
}

async function setCors({ client, name }: Bucket, rule: CORSRule, show: boolean): Promise<SetupStep> {
  const read = async () => (await client.send(new GetBucketCorsCommand({ Bucket: name }))).CORSRules;
  const write = (rules: CORSRule[]) =>
    client.send(new PutBucketCorsCommand({ Bucket: name, CORSConfiguration: { CORSRules: rules } }));
  const { rules, ...came } = await put({ read, write, rule, show });
  return { what: "cors", ...came, wanted: { CORSRules: rules } };
}

async function setLifecycle(
  { client, name }: Bucket,
  rule: LifecycleRule,
  show: boolean,
): Promise<SetupStep> {
  const read = async () =>
    (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: name }))).Rules;
  const write = (Rules: LifecycleRule[]) =>
    client.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket: name, LifecycleConfiguration: { Rules } }),
    );
  const { rules, ...came } = await put({ read, write, rule, show });
  return { what: "lifecycle", ...came, wanted: { Rules: rules } };
}

interface Rules<Rule> {
  read(): Promise<Rule[] | undefined>;
  /** Takes the place of all that are there. */
  write(rules: Rule[]): Promise<unknown>;
  rule: Rule;
  show: boolean;
}

async function put<Rule extends { ID?: string | undefined }>({ read, write, rule, show }: Rules<Rule>) {
  try {
    const there = await read().catch(noneYet);
    const others = (there ?? []).filter(({ ID }) => ID !== ours);
    const rules = [...others, rule];
    const mine = there?.find(({ ID }) => ID === ours);
    const isThere = mine !== undefined && Bun.deepMatch(rule, mine);
    if (!isThere && !show) await write(rules);
    const outcome = isThere ? ("was so" as const) : show ? ("shown" as const) : ("set" as const);
    return { outcome, reason: null, rules };
  } catch (error) {
    if (!isRefusal(error)) throw s3Error(error);
    return { outcome: "refused" as const, reason: error.name, rules: [rule] };
  }
}

/** S3 answers with an error where there are no rules at all. */
function noneYet(error: unknown): undefined {
  if (error instanceof S3ServiceException && /^NoSuch(CORS|Lifecycle)Configuration$/.test(error.name))
    return undefined;
  throw error;
}

function isRefusal(error: unknown): error is S3ServiceException {
  const status = error instanceof S3ServiceException ? (error.$metadata.httpStatusCode ?? 0) : 0;
  return [400, 403, 405, 501].includes(status);
}
