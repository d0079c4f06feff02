import type { MetricsRegistry } from "#src/api/routes/metrics.ts";
import type { CertificateReport } from "#src/store/sql/engines.ts";

/** When the certificates end that this engine's doors and connectors show and are shown. */
export function certificatesOf(metrics: Pick<MetricsRegistry, "offered">, now: number): CertificateReport[] {
  return metrics.offered("certificate_expires_seconds").map(({ labels, value }) => ({
    channel: labels["channel"] ?? "",
    connector: labels["connector"] ?? "",
    role: labels["certificate"] ?? "",
    expires_at: new Date(now + value * 1_000).toISOString(),
  }));
}
