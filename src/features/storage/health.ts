import type { StorageName } from "../../db/schema.ts";
import type { Deps } from "../../deps.ts";
import type { Health } from "../../storage/health.ts";

/** How the storage is, and what may be said of it to anybody. Null where no bucket is set up. */
export async function describeHealth({
  config,
  storageHealth,
}: Pick<Deps, "config" | "storageHealth">): Promise<
  Health & { driver: StorageName; bucket: string | null; region: string | null }
> {
  const { bucket, region } = config["storage.s3"];
  const health = await storageHealth.look();
  const hasBucket = bucket !== "";
  return {
    ...health,
    driver: config.storage.driver,
    bucket: hasBucket ? bucket : null,
    region: hasBucket ? region : null,
  };
}
