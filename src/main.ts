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
  console.log(`Homereel, a self-hosted video shelf.\n\n${lines.join("\n")}\n\nEvery command has --help.`);
  return 0;
}

async function printVersion(): Promise<number> {
  const { default: manifest } = await import("../package.json");
  console.log(manifest.version);
  return 0;
}

process.exit(await main(process.argv.slice(2)));
