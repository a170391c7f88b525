import { Hono } from "hono";
import { AppError } from "../src/lib/errors.ts";
import { sendFile } from "../src/web/send-file.ts";

/** Serves one file with sendFile behind the smallest of doors. Arguments: its path and size. */
const [path = "", sizeBytes = "0"] = process.argv.slice(2);
const bytes = {
  sizeBytes: Number(sizeBytes),
  etag: `"${"0".repeat(64)}"`,
  modifiedAt: Date.now(),
  mime: "video/mp4",
};

const app = new Hono();
app.use(async (c, next) => {
  if (c.req.header("cookie") !== "session=1") throw new AppError("login_required", "Log in first.");
  await next();
  c.res.headers.set("referrer-policy", "no-referrer");
});
app.get("/video", (c) => sendFile(c.req.raw, path, bytes));

const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: app.fetch });
console.log(`port ${server.port}`);
