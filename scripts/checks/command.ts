export interface CommandOptions {
  timeoutMs?: number;
  cwd?: string;
  env?: Record<string, string | undefined>;
}

/** Runs a program to its end and returns what it printed; throws with the last of it where it fails. */
export async function command(argv: string[], options: CommandOptions = {}): Promise<string> {
  const { exitCode, output } = await attempt(argv, options);
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: exit code ${exitCode}\n${lastLines(output, 40)}`);
  return output;
}

/** The same without an opinion on the exit code; 127 where there is no such program. */
export async function attempt(
  argv: string[],
  { timeoutMs = 60_000, cwd, env }: CommandOptions = {},
): Promise<{ exitCode: number; output: string }> {
  if (!Bun.which(argv[0] ?? "")) return { exitCode: 127, output: `${argv[0]} is not here` };
  const child = Bun.spawn(argv, {
    stdio: ["ignore", "pipe", "pipe"],
    cwd,
    env: { ...process.env, ...env },
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { exitCode, output: stdout + stderr };
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}
