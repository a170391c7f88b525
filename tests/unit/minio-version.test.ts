import { expect, test } from "bun:test";

const read = (path: string) => Bun.file(new URL(`../../${path}`, import.meta.url)).text();

test("compose.minio.yaml brings the version of MinIO that the tests run against", async () => {
  const [, tested] = /const version = "(v[^"]+)"/.exec(await read("scripts/minio.mjs")) ?? [];
  const [, brought] = /github\.com\/minio\/minio@(\S+)/.exec(await read("compose.minio.yaml")) ?? [];
  expect(tested).toBeString();
  expect(brought).toBe(tested as string);
});
