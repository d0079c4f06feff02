import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { createSecureContext, type SecureContext, type Server } from "node:tls";
import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";

/** Paths of PEM files. */
export interface TlsPaths {
  /** Our certificate, then those between it and the CA. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Certificates of the CAs the peer's may come from. */
  readonly ca?: string | undefined;
  /** Revocation lists of these CAs, each of them: OpenSSL refuses what it cannot look up. */
  readonly crl?: string | undefined;
}

export interface TlsCertificate {
  readonly role: "own" | "ca";
  readonly notAfter: Date;
}

/** What the files hold, checked to fit together. */
export interface TlsMaterial {
  readonly options: { readonly cert?: Buffer; readonly key?: Buffer; readonly ca?: Buffer; readonly crl?: string[] };
  readonly context: SecureContext;
  readonly certificates: readonly TlsCertificate[];
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const PEM_CRL = /-----BEGIN X509 CRL-----[^-]*-----END X509 CRL-----/g;

/** The certificate files of one connector, read anew when they change: a renewed certificate needs no restart. */
export class TlsFiles {
  readonly #paths: TlsPaths;
  readonly #changed: (event: "tls.reloaded" | "tls.reload_refused", reason?: string) => void;
  #seen: string;
  #material: TlsMaterial;

  /**
   * @param changed told what became of files that changed; a reason is a code, never a path
   * @throws BotenstoffError CONFIG_INVALID when a file cannot be read, or certificate and key do not fit
   */
  constructor(paths: TlsPaths, changed: (event: "tls.reloaded" | "tls.reload_refused", reason?: string) => void) {
    this.#paths = paths;
    this.#changed = changed;
    this.#seen = fingerprint(paths);
    this.#material = load(paths);
  }

  /**
   * The newest complete set. Files that do not fit together, as when the certificate is already new and the key still
   * old, leave the former set in use.
   */
  current(): TlsMaterial {
    const seen = fingerprint(this.#paths);
    if (seen === this.#seen) return this.#material;
    this.#seen = seen;
    try {
      this.#material = load(this.#paths);
      this.#changed("tls.reloaded");
    } catch (error) {
      this.#changed("tls.reload_refused", kindOfError(Error.isError(error) ? (error.cause ?? error) : error));
    }
    return this.#material;
  }
}

/** Has a server that was opened with `used` show renewed files from the next connection on. */
export function renewCertificates(server: Server, files: TlsFiles, used: TlsMaterial): void {
  let shown = used;
  server.prependListener("connection", () => {
    const newest = files.current();
    if (newest === shown) return;
    shown = newest;
    server.setSecureContext(newest.options);
  });
}

function fingerprint(paths: TlsPaths): string {
  return Object.values(paths)
    .map((path: string | undefined) => {
      const stat = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
      return stat ? `${stat.ino}:${stat.size}:${stat.mtimeMs}` : "";
    })
    .join(" ");
}

function load(paths: TlsPaths): TlsMaterial {
  const [cert, key, ca, crl] = [read(paths.cert), read(paths.key), read(paths.ca), read(paths.crl)];
  try {
    const options = {
      ...(cert && { cert }),
      ...(key && { key }),
      ...(ca && { ca }),
      // Node reads only the first list of a buffer.
      ...(crl && { crl: crl.toString("latin1").match(PEM_CRL) ?? [] }),
    };
    const certificates = [...expiriesOf("own", cert), ...expiriesOf("ca", ca)];
    return { options, context: createSecureContext(options), certificates };
  } catch (cause) {
    const files = Object.values(paths)
      .filter((path: string | undefined) => path !== undefined)
      .join(", ");
    throw unusable(files, cause);
  }
}

function read(path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (cause) {
    throw unusable(path, cause);
  }
}

function unusable(what: string, cause: unknown): BotenstoffError {
  return new BotenstoffError("CONFIG_INVALID", `reading the TLS files: ${what}: ${kindOfError(cause)}`, { cause });
}

function expiriesOf(role: TlsCertificate["role"], pem: Buffer | undefined): TlsCertificate[] {
  const blocks = pem?.toString("latin1").match(PEM_CERTIFICATE) ?? [];
  return blocks.map((block) => ({ role, notAfter: new X509Certificate(block).validToDate }));
}
