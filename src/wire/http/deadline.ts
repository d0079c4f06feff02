/**
 * Runs something that must end within the time. A timer and one listener: `AbortSignal.any` with `AbortSignal.timeout`
 * costs ten times that per request, and leaves weak references for the garbage collector.
 * @param tooLate the reason it is aborted with when the time is over
 */
export async function within<T>(
  ms: number,
  signal: AbortSignal,
  tooLate: () => Error,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const bounded = new AbortController();
  const abort = () => bounded.abort(signal.reason);
  const timer = setTimeout(() => bounded.abort(tooLate()), ms);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await run(bounded.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
