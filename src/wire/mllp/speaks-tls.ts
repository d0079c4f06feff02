import { connect } from "node:tls";

/** A server that speaks TLS answers within a round trip; one that does not is silent, or hangs up. */
const WAIT_MS = 4_000;

/**
 * Whether a receiver that is to be spoken to in clear greets back in TLS: what is sent there would never be read. Whoever does
 * not speak it sees bytes outside of any frame, which it skips.
 */
export function speaksTls({ host, port }: { host: string; port: number }, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, rejectUnauthorized: false });
    const timer = setTimeout(() => answer(false), WAIT_MS);
    const stop = () => answer(false);
    signal.addEventListener("abort", stop, { once: true });
    socket.on("secureConnect", () => answer(true));
    // It refuses our greeting in its own language: no version in common, or it asks for a certificate.
    socket.on("error", (error: NodeJS.ErrnoException) => answer(/^ERR_SSL_.*ALERT/.test(error.code ?? "")));
    socket.on("close", () => answer(false));

    function answer(said: boolean): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      socket.destroy();
      resolve(said);
    }
  });
}
