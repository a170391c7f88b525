import { eachSetting, loadConfig, variableName } from "../config.ts";
import type { Config } from "../config.ts";
import { readArgs } from "./terminal.ts";
import type { Command } from "./terminal.ts";

const help = `homereel config [--example] [--json] [--config FILE]

Prints the settings in force, secrets hidden. --example prints a commented file with the defaults.`;

export const configCommand: Command = {
  async run(args) {
    const { values } = readArgs(args, { example: { type: "boolean" }, json: { type: "boolean" } });
    if (values.help) console.log(help);
    else if (values.example) process.stdout.write(exampleToml());
    else {
      const { config, file } = loadConfig(process.env, values.config);
      if (values.json) console.log(JSON.stringify(visible(config), null, 2));
      else process.stdout.write(`# ${file ?? "no configuration file"}\n${toToml(visible(config))}`);
    }
    return 0;
  },
};

/** Every setting with its meaning and default; `config.example.toml` is this text. */
export function exampleToml(): string {
  const lines = [
    "# Homereel: every setting, with its default. Remove the # of what you change.",
    "# Each can be set by the environment too, under the name beside it.",
    "# A variable's name with _FILE behind it names a file that holds the value.",
  ];
  let current = "";
  for (const { section, key, setting } of eachSetting()) {
    if (section !== current) lines.push("", `[${section}]`);
    current = section;
    lines.push("", ...wrap(setting.doc).map((line) => `# ${line}`));
    lines.push(`# Accepted: ${setting.accepts}. Environment: ${variableName(section, key)}`);
    lines.push(`# ${key} = ${tomlValue(setting.written)}`);
  }
  return `${lines.join("\n")}\n`;
}

type Shown = Record<string, Record<string, unknown>>;

function visible(config: Config): Shown {
  const shown: Shown = {};
  for (const { section, key, setting } of eachSetting()) {
    const value = (config as unknown as Shown)[section]?.[key];
    (shown[section] ??= {})[key] = setting.secret && value !== "" ? "(hidden)" : value;
  }
  return shown;
}

function toToml(shown: Shown): string {
  const sections = Object.entries(shown).map(([section, keys]) => {
    const lines = Object.entries(keys).map(([key, value]) => `${key} = ${tomlValue(value)}`);
    return `\n[${section}]\n${lines.join("\n")}\n`;
  });
  return sections.join("");
}

/** TOML's strings, numbers and lists of them are written as in JSON. */
function tomlValue(value: unknown): string {
  return JSON.stringify(value);
}

function wrap(text: string): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line.length + word.length > 98) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}
