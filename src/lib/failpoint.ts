/**
 * A place where a test can make the process die as if the power had gone:
 * `HOMEREEL_TEST_FAILPOINT=<name>` kills it there with SIGKILL. Does nothing otherwise.
 */
export function failpoint(name: string): void {
  if (process.env.HOMEREEL_TEST_FAILPOINT === name) process.kill(process.pid, "SIGKILL");
}
