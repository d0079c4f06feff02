import type { Log } from "#src/telemetry/log.ts";
import type { Metrics } from "#src/telemetry/metrics.ts";
import { CertificateExpiry } from "#src/wire/tls/certificate-expiry.ts";
import type { TlsFiles, TlsMaterial } from "#src/wire/tls/tls-files.ts";

const LOOK_EVERY_MS = 10_000;

interface RenewalDeps {
  readonly log: Log;
  readonly metrics: Pick<Metrics, "gauge">;
  readonly now: () => number;
}

/**
 * Hands on a renewed certificate of the engine's own door without a restart; one that cannot be used leaves the old one in
 * place. Tells how long it still holds.
 */
export function watchTls(
  { log, metrics, now }: RenewalDeps,
  files: TlsFiles,
  renew: (options: TlsMaterial["options"]) => void,
): { stop(): void } {
  let used = files.current();
  const expiry = new CertificateExpiry(
    {
      log,
      now,
      gauge: (name, labels, read) => metrics.gauge(name, { channel: "", connector: "http", ...labels }, read),
    },
    () => files.current().certificates,
  );
  const timer = setInterval(() => {
    const current = files.current();
    if (current === used) return;
    used = current;
    renew(current.options);
  }, LOOK_EVERY_MS);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
      expiry.close();
    },
  };
}
