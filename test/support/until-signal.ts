/** Resolves with the exit code a shell expects at the first Ctrl-C or SIGTERM, so that what was started can be ended first. */
export function untilSignal(): Promise<130 | 143> {
  return new Promise((resolve) => {
    process.once("SIGINT", () => resolve(130));
    process.once("SIGTERM", () => resolve(143));
  });
}
