import type { SecureContext, TLSSocket } from "node:tls";
import { z } from "zod";
import type { Log } from "#src/telemetry/log.ts";
import type { ConnectorGauge, ConnectorLabels } from "#src/telemetry/metric-list.ts";
import { CertificateExpiry } from "./certificate-expiry.ts";
import { TlsFiles } from "./tls-files.ts";

const file = z.string().describe("path of a PEM file");

/** The member `tls` of a connector that connects. */
export const tlsMember = z.strictObject({
  ca: file.optional().describe("PEM file of the CAs to trust; without it the public ones"),
  crl: file.optional().describe("PEM file of the revocation lists of these CAs"),
  cert: file.optional().describe("PEM file of our certificate, for mutual TLS"),
  key: file.optional().describe("PEM file of its key"),
  servername: z.string().optional().describe("name in the receiver's certificate where it is not `host`"),
});

/** The TLS side of a connection we open. */
export interface ClientTls {
  /** Asked at every connect, so that renewed files are used; the same object as long as they are the same. */
  options(): { readonly secureContext: SecureContext; readonly servername?: string };
  /** Told when a handshake has succeeded. */
  connected(socket: TLSSocket): void;
}

/** Our side of TLS as a client: files read anew when they change, and how long the certificates still hold. */
export interface OpenTls {
  readonly files: TlsFiles;
  readonly client: ClientTls;
  close(): void;
}

export interface TlsContext {
  readonly log: Log;
  gauge(name: ConnectorGauge, labels: ConnectorLabels, read: () => number | undefined): void;
}

/** @throws BotenstoffError CONFIG_INVALID when a file cannot be used */
export function openTls(settings: z.output<typeof tlsMember>, context: TlsContext): OpenTls {
  const { servername, ...paths } = settings;
  const files = new TlsFiles(paths, (_event, reason) => {
    if (reason === undefined) context.log("info", "tls.reloaded");
    else context.log("warn", "tls.reload_refused", { reason });
    expiry.warn();
  });
  const log = context.log.bind(context);
  const gauge = context.gauge.bind(context);
  const expiry = new CertificateExpiry({ log, gauge, now: Date.now }, () => files.current().certificates);
  let used = files.current();
  let options = optionsOf(used.context, servername);
  return {
    files,
    client: {
      options: () => {
        const newest = files.current();
        if (newest !== used) options = optionsOf((used = newest).context, servername);
        return options;
      },
      connected: (socket) => {
        const peer = socket.getPeerX509Certificate();
        if (peer) expiry.peerSeen(peer.validToDate);
      },
    },
    close: () => expiry.close(),
  };
}

function optionsOf(secureContext: SecureContext, servername: string | undefined) {
  return { secureContext, ...(servername !== undefined && { servername }) };
}
