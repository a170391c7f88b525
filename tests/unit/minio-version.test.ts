import { expect, test } from "bun:test";

const read = (path: string) => Bun.file(new URL(`../../${path}`, import.meta.url)).text();

test("compose.minio.yaml brings the version of MinIO that the tests run against", async () => {
  const [, tested] = /const version = "(v[^"]+)"/.exec(await read("scripts/minio.mjs")) ?? [];
  const [, brought] = /github\.com\/minio\/minio@(\S+)/.exec(await read("compose.minio.yaml")) ?? [];
  expect(tested).toBeString();
  expect(brought).toBe(tested as string);
});

test("compose.minio.yaml opens MinIO to its own machine alone unless told otherwise, under no password of its own", async () => {
  const { services } = Bun.YAML.parse(await read("compose.minio.yaml")) as {
    services: Record<"homereel" | "minio", { ports?: string[]; environment: Record<string, string> }>;
  };
  expect(services.minio.ports).toEqual(["${S3_BIND:-127.0.0.1}:9000:9000"]);
  const { MINIO_ROOT_PASSWORD: its } = services.minio.environment;
  const { HOMEREEL_STORAGE_S3_SECRET_ACCESS_KEY: ours } = services.homereel.environment;
  for (const password of [its, ours]) expect(password).toMatch(/^\$\{MINIO_ROOT_PASSWORD:\?[^}]+\}$/);
});
