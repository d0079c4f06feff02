/** Jittered exponential back-off: between half and the whole of `base · 2^failures`, at most `cap`. Milliseconds. */
export function backoff(failures: number, baseMs: number, capMs: number, random: () => number = Math.random): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(failures, 30));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}
