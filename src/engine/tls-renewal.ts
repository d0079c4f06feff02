import type { TlsFiles, TlsMaterial } from "#src/wire/tls/tls-files.ts";

const LOOK_EVERY_MS = 10_000;

/** Hands on a renewed certificate without a restart; one that cannot be used leaves the old one in place. */
export function watchTls(files: TlsFiles, renew: (options: TlsMaterial["options"]) => void): { stop(): void } {
  let used = files.current();
  const timer = setInterval(() => {
    const now = files.current();
    if (now === used) return;
    used = now;
    renew(now.options);
  }, LOOK_EVERY_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
