import type { Log } from "#src/telemetry/log.ts";
import type { ConnectorGauge, ConnectorLabels } from "#src/telemetry/metric-list.ts";
import type { TlsCertificate } from "./tls-files.ts";

interface ExpiryDeps {
  readonly log: Log;
  gauge(name: ConnectorGauge, labels: ConnectorLabels, read: () => number | undefined): void;
  readonly now: () => number;
}

const DAY_MS = 86_400_000;
/** Hospitals need weeks to get a certificate signed. */
const WARN_DAYS = 30;
const ROLES = ["own", "ca", "peer"] as const;

/**
 * Tells how long certificates still hold: the gauge `certificate_expires_seconds` by role (own, ca, peer), the soonest
 * of each, negative once expired; and a warning, once a day, in the last 30 days.
 */
export class CertificateExpiry {
  readonly #deps: ExpiryDeps;
  readonly #read: () => readonly TlsCertificate[];
  readonly #timer: NodeJS.Timeout;
  #peer: number | undefined;
  #closed = false;

  constructor(deps: ExpiryDeps, read: () => readonly TlsCertificate[]) {
    this.#deps = deps;
    this.#read = read;
    for (const role of ROLES) {
      deps.gauge("certificate_expires_seconds", { certificate: role }, () => {
        const soonest = this.#closed ? undefined : this.#soonest(role);
        return soonest === undefined ? undefined : Math.floor((soonest - deps.now()) / 1_000);
      });
    }
    this.warn();
    this.#timer = setInterval(() => this.warn(), DAY_MS).unref();
  }

  /** The certificate the other side showed last. */
  peerSeen(notAfter: Date): void {
    const first = this.#peer === undefined;
    this.#peer = notAfter.getTime();
    if (first) this.#warn("peer");
  }

  /** Looks now instead of tomorrow. */
  warn(): void {
    for (const role of ROLES) this.#warn(role);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  #warn(role: (typeof ROLES)[number]): void {
    const soonest = this.#soonest(role);
    if (soonest === undefined) return;
    const days = Math.floor((soonest - this.#deps.now()) / DAY_MS);
    if (days < WARN_DAYS) this.#deps.log("warn", "tls.certificate_expires", { certificate: role, days });
  }

  #soonest(role: (typeof ROLES)[number]): number | undefined {
    if (role === "peer") return this.#peer;
    const times = this.#read()
      .filter((certificate) => certificate.role === role)
      .map(({ notAfter }) => notAfter.getTime());
    return times.length === 0 ? undefined : Math.min(...times);
  }
}
