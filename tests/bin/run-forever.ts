// A server in small: starts a program as a child and waits for it, until it is killed.
// Arguments: how many guards to leave out (0 takes the strongest), the folder, the program and its arguments.
import { workingGuards } from "../../src/exec/guard.ts";
import { run } from "../../src/exec/run.ts";

const [weaker = "0", cwd = ".", ...argv] = process.argv.slice(2);
const guard = (await workingGuards())[Number(weaker)];
await run({ argv, cwd, guard, onStdoutLine: (line) => console.log(line) });
