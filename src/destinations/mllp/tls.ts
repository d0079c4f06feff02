import { CertificateExpiry } from "#src/wire/tls/certificate-expiry.ts";
import type { ClientTls } from "#src/wire/mllp/connection.ts";
import { TlsFiles } from "#src/wire/tls/tls-files.ts";
import type { DestinationContext } from "../destination.ts";
import type { MllpDestinationConfig } from "./config.ts";

/** Our side of TLS as a client: files read anew when they change, and how long the certificates still hold. */
export interface OpenTls {
  readonly files: TlsFiles;
  readonly client: ClientTls;
  close(): void;
}

/** @throws BotenstoffError CONFIG_INVALID when a file cannot be used */
export function openTls(settings: NonNullable<MllpDestinationConfig["tls"]>, context: DestinationContext): OpenTls {
  const { servername, ...paths } = settings;
  const files = new TlsFiles(paths, (event, reason) => {
    context.log(reason === undefined ? "info" : "warn", event, reason === undefined ? {} : { reason });
    expiry.warn();
  });
  const log = context.log.bind(context);
  const gauge = context.gauge.bind(context);
  const expiry = new CertificateExpiry({ log, gauge, now: Date.now }, () => files.current().certificates);
  return {
    files,
    client: {
      options: () => ({
        secureContext: files.current().context,
        ...(servername !== undefined && { servername }),
      }),
      connected: (socket) => {
        const peer = socket.getPeerX509Certificate();
        if (peer) expiry.peerSeen(peer.validToDate);
      },
    },
    close: () => expiry.close(),
  };
}
