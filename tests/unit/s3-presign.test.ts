import { expect, test } from "bun:test";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { presign } from "../../src/storage/s3/presign.ts";

const key = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const date = new Date("2026-02-03T04:05:06.789Z");

const hard = {
  ResponseContentType: "video/mp4",
  ResponseContentDisposition: `attachment; filename="it's (1)*!.mp4"; filename*=UTF-8''%C3%A4%20b ~+&=?ä`,
  ResponseCacheControl: "private, max-age=3600",
};
test.each([
  ["in the path", "http://127.0.0.1:9000", true, {}, key],
  ["in the host", "https://s3.example.org", false, hard, key],
  ["below a path", "https://s3.example.org:8443/s3", true, hard, key],
  [
    "with a role's token",
    "https://s3.eu-central-1.amazonaws.com",
    false,
    hard,
    { ...key, sessionToken: "a/b+c==" },
  ],
])("we sign as the SDK does: a bucket %s", async (_, endpoint, forcePathStyle, headers, credentials) => {
  const client = new S3Client({ endpoint, forcePathStyle, region: "eu-central-1", credentials });
  const command = new GetObjectCommand({ Bucket: "b-1", Key: "videos/a_b/original-1.mp4", ...headers });
  const theirs = new URL(await getSignedUrl(client, command, { expiresIn: 900, signingDate: date }));

  const given = [...theirs.searchParams].filter(([name]) => name !== "X-Amz-Signature");
  const by = { key: credentials, region: "eu-central-1", date, expiresSeconds: 900 };
  const ours = new URL(presign(theirs.origin + theirs.pathname, Object.fromEntries(given), by));
  expect(Object.fromEntries(ours.searchParams)).toEqual(Object.fromEntries(theirs.searchParams));
  expect(ours.origin + ours.pathname).toBe(theirs.origin + theirs.pathname);
});

test("one character more, and the signature is another", () => {
  const by = { key, region: "eu-central-1", date, expiresSeconds: 900 };
  const signature = (address: string, query = {}, changes = {}) =>
    new URL(presign(address, query, { ...by, ...changes })).searchParams.get("X-Amz-Signature");
  const all = [
    signature("https://a.example/k"),
    signature("https://b.example/k"),
    signature("https://a.example/k2"),
    signature("https://a.example/k", { "response-content-type": "text/html" }),
    signature("https://a.example/k", {}, { expiresSeconds: 901 }),
    signature("https://a.example/k", {}, { region: "eu-central-2" }),
    signature("https://a.example/k", {}, { date: new Date("2026-02-04T04:05:06Z") }),
  ];
  expect(new Set(all).size).toBe(all.length);
});
