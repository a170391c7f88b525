import { createHash, createHmac } from "node:crypto";

export interface SignedBy {
  key: { accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined };
  region: string;
  date: Date;
  expiresSeconds: number;
}

/** What is signed besides the address: who sends it has to send all of these headers, named in lower case. */
export interface SignedRequest {
  method: "GET" | "PUT";
  headers?: Record<string, string>;
}

/**
 * The address of a request that carries its own signature (Amazon S3 API, "Authenticating requests: using query parameters",
 * AWS Signature Version 4). The path is taken as it is: nothing in it may need encoding, which holds for keys.
 */
export function presign(
  address: string,
  query: Record<string, string | undefined>,
  by: SignedBy,
  { method, headers = {} }: SignedRequest = { method: "GET" },
): string {
  const { key, region, date, expiresSeconds } = by;
  const { host, pathname } = new URL(address);
  const signed = Object.entries({ ...headers, host }).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const names = signed.map(([name]) => name).join(";");
  const time = date.toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = [time.slice(0, 8), region, "s3", "aws4_request"];
  const asked = sortedQuery({
    ...query,
    "X-Amz-Algorithm": algorithm,
    "X-Amz-Credential": [key.accessKeyId, ...scope].join("/"),
    "X-Amz-Date": time,
    "X-Amz-Expires": String(expiresSeconds),
    "X-Amz-Security-Token": key.sessionToken,
    "X-Amz-SignedHeaders": names,
  });
  const lines = signed.map(([name, value]) => `${name}:${value}`);
  const request = [method, pathname, asked, ...lines, "", names, "UNSIGNED-PAYLOAD"].join("\n");
  const toSign = [algorithm, time, scope.join("/"), createHash("sha256").update(request).digest("hex")].join(
    "\n",
  );
  const signingKey = scope.reduce<string | Buffer>(hmac, `AWS4${key.secretAccessKey}`);
  return `${address}?${asked}&X-Amz-Signature=${hmac(signingKey, toSign).toString("hex")}`;
}

const algorithm = "AWS4-HMAC-SHA256";

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sortedQuery(query: Record<string, string | undefined>): string {
  return Object.keys(query)
    .toSorted()
    .flatMap((name) => (query[name] === undefined ? [] : [`${name}=${encode(query[name])}`]))
    .join("&");
}

/** Everything but the unreserved characters of RFC 3986 §2.3. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
