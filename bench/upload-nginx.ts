import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { syncPath } from "../src/storage/durable-write.ts";

export interface UploadNginx {
  origin: string;
  /** What has come is on the disk then. */
  flush(): Promise<void>;
  /** Deletes what has come. */
  clear(): void;
  stop(): Promise<void>;
}

/** nginx that writes every body into a file, in one process as ours is. */
export async function startNginx(folder: string): Promise<UploadNginx> {
  const prefix = join(folder, "nginx");
  const bodies = join(prefix, "bodies");
  mkdirSync(bodies, { recursive: true });
  const free = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const { origin, port } = free.url;
  await free.stop(true);
  writeFileSync(join(prefix, "nginx.conf"), conf(prefix, bodies, port));
  const child = Bun.spawn(["nginx", "-p", prefix, "-c", join(prefix, "nginx.conf")], { stderr: "ignore" });
  for (let i = 0; !(await fetch(`${origin}/ok`).catch(() => null)); i++) {
    if (i === 100) throw new Error("nginx does not come up");
    await Bun.sleep(50);
  }
  return {
    origin,
    async flush() {
      for (const name of readdirSync(bodies)) await syncPath(join(bodies, name));
    },
    clear() {
      for (const name of readdirSync(bodies)) rmSync(join(bodies, name));
    },
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}

/** A location that passes requests on is the only one that reads bodies; it asks itself, without them. */
function conf(prefix: string, bodies: string, port: string): string {
  const others = ["proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${prefix};`);
  return `
    daemon off; master_process off; worker_processes 1; user root;
    pid ${prefix}/pid; error_log ${prefix}/error.log;
    events { worker_connections 1024; }
    http {
      client_body_temp_path ${bodies}; ${others.join("\n")}
      access_log off; client_max_body_size 0; client_body_buffer_size 1m;
      server {
        listen 127.0.0.1:${port};
        location /up {
          client_body_in_file_only on; proxy_pass http://127.0.0.1:${port}/ok;
          proxy_pass_request_body off; proxy_set_header Content-Length "";
        }
        location /ok { return 200 ok; }
      }
    }`;
}
