import { cleanForTerminal } from "./terminal.ts";

/** What `homereel doctor` says of one thing that it looked at. */
export interface Finding {
  what: string;
  ok: boolean;
  says: string;
  /** What is meant, one a line. */
  details?: string[];
}

const mostDetails = 20;

export function printFinding({ ok, what, says, details = [] }: Finding): void {
  console.log(`${ok ? "ok   " : "WRONG"}  ${what}: ${says}`);
  for (const line of details.slice(0, mostDetails)) console.log(`         ${cleanForTerminal(line)}`);
  if (details.length > mostDetails) console.log(`         and more: --json names the first hundred`);
}
