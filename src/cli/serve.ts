import type { App } from "../app.ts";
import { loadConfig, readVariable } from "../config.ts";
import type { Config } from "../config.ts";
import { lockDataFolder } from "../db/open.ts";
import type { Deps } from "../deps.ts";
import { createUser, needsSetup } from "../features/accounts/accounts.ts";
import { paths } from "../paths.ts";
import { shownAddress, surroundings } from "./shown-address.ts";
import { CommandFailed, readArgs } from "./terminal.ts";
import type { Command } from "./terminal.ts";

const help = `homereel serve [--config FILE]

Serves the shelf until it is told to stop. An empty data folder gets its first admin from
HOMEREEL_ADMIN_EMAIL and HOMEREEL_ADMIN_PASSWORD, or by the set-up link that is printed.`;

export const serveCommand: Command = {
  async run(args, { loadApp }) {
    const { values } = readArgs(args, {});
    if (values.help) {
      console.log(help);
      return 0;
    }
    // Before all else: as the first process of a container, a signal that nothing hears is lost.
    const stopped = stopSignal();
    const { config } = loadConfig(process.env, values.config);
    const lock = lockDataFolder(config.data.dir);
    if (!lock) {
      throw new CommandFailed(
        `Another Homereel is using the data folder ${config.data.dir}. Stop it first, or give this one a folder of its own.`,
      );
    }
    const { openApp } = await loadApp();
    const app = openApp(config);
    await makeFirstAdmin(app.deps);
    const server = listen(config, app);
    await app.start();
    announce(app.deps, server.port ?? config.server.port);
    await stopped;
    app.deps.log.info("stopping");
    // Nobody new comes in; who is here has as long as the jobs take to come to rest, and a moment. What lasts longer,
    // as an open page's messages do, is cut off before the database closes.
    const empty = server.stop();
    await app.stop(async () => {
      await Promise.race([empty, Bun.sleep(lastMomentMs)]);
      await server.stop(true);
    });
    lock.release();
    return 0;
  },
};

/** Bun cuts off what is silent for 10 s by default; slow players and uploads on a LAN need longer. */
const idleTimeoutSeconds = 120;

/** A login takes a tenth of that, and who waits for our end hardly feels it. */
const lastMomentMs = 1000;

function listen(config: Config, app: App) {
  const { host, port } = config.server;
  try {
    return Bun.serve({
      hostname: host,
      port,
      idleTimeout: idleTimeoutSeconds,
      // Bun's own limit would cut large files. What nobody reads waits in front of the socket, and every route
      // bounds what it does read.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      // Else Bun answers what was thrown with a page that shows the source to whoever asked.
      development: false,
      fetch: (request, server) => (URL.canParse(request.url) ? app.router.fetch(request, server) : badHost()),
      error(error) {
        app.deps.log.error({ err: error }, "a request failed, and so did the page that says so");
        return new Response("Something went wrong on our side.\n", { status: 500 });
      },
    });
  } catch (error) {
    if ((error as { code?: string }).code !== "EADDRINUSE") throw error;
    throw new CommandFailed(
      `Port ${port} is in use already. Stop what uses it, or set another one: HOMEREEL_SERVER_PORT=8081.`,
    );
  }
}

/** What is no host's name is answered so (RFC 9112 §3.2); the router would have no URL to look at. */
function badHost(): Response {
  return new Response("The Host header is no name of a host.\n", { status: 400 });
}

async function makeFirstAdmin(deps: Deps): Promise<void> {
  const email = process.env.HOMEREEL_ADMIN_EMAIL;
  const password = readVariable(process.env, "HOMEREEL_ADMIN_PASSWORD");
  if (!email || !password || !needsSetup(deps)) return;
  const user = await createUser(deps, null, { name: email.split("@")[0], email, password, role: "admin" });
  deps.log.info({ email: user.email }, "made the first admin");
}

function announce(deps: Deps, port: number): void {
  const { config, log, setupToken, now } = deps;
  const publicUrl = config.server.public_url;
  const address = publicUrl || shownAddress(config.server.host, port, surroundings());
  if (needsSetup(deps)) {
    log.info(
      `Make the first account here, within 30 minutes: ${address}${paths.setup(setupToken.issue(now()))}`,
    );
  }
  const isLocal = !publicUrl && address.startsWith("http://localhost:");
  const elsewhere = isLocal ? ", from other machines at this one's name" : "";
  log.info(`Homereel is at ${address}${elsewhere}`);
}

/** Later signals change nothing: npm passes on a Ctrl-C that the terminal has sent already. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve());
  });
}
