import { commands } from "./cli/commands.ts";
import { UsageError, fail } from "./cli/terminal.ts";

/** argv → command → exit code: 0 done, 1 failed, 2 used wrongly. Nothing else ends the process. */
async function main(argv: string[]): Promise<number> {
  const [name = "--help", ...rest] = argv;
  const command = commands.find((one) => one.name === name);
  try {
    if (command) return await (await command.load()).run(rest, { loadApp: () => import("./app.ts") });
    if (name === "--version") return printVersion();
    if (name === "--help" || name === "help") return printHelp();
    throw new UsageError(`"${name}" is no command. "homereel --help" lists them.`);
  } catch (error) {
    return fail(error);
  }
}

function printHelp(): number {
  const width = Math.max(...commands.map((command) => command.usage.length));
  const lines = commands.map((command) => `  homereel ${command.usage.padEnd(width)}  ${command.summary}`);
  const close = `Every command has --help. Settings come from --config FILE, else $HOMEREEL_CONFIG, else config.toml in the data
folder, and single ones from the environment: "homereel config --example" lists all.`;
  console.log(`Homereel, a self-hosted video shelf.\n\n${lines.join("\n")}\n\n${close}`);
  return 0;
}

async function printVersion(): Promise<number> {
  const { default: manifest } = await import("../package.json");
  console.log(manifest.version);
  return 0;
}

process.exit(await main(process.argv.slice(2)));
