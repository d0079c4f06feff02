import { once } from "node:events";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";
import type { ClientTls } from "../tls/client-tls.ts";

export interface SyslogReceiver {
  readonly host: string;
  readonly port: number;
  readonly tls: ClientTls;
  /** For the whole of it, from connecting to the receiver's end of the connection. */
  readonly timeoutMs: number;
}

/**
 * Sends messages over TLS, each behind its length (RFC 5425 §4.3), in a connection of their own. Syslog has no
 * acknowledgement; what stands in for one is that the receiver, told that nothing more comes, ends the connection in good
 * order: then it has read everything. Whatever else happens, nothing counts as sent.
 * @throws BotenstoffError SYSLOG_UNAVAILABLE
 */
export async function sendSyslog(
  { host, port, tls, timeoutMs }: SyslogReceiver,
  messages: readonly Buffer[],
  signal?: AbortSignal,
): Promise<void> {
  const limit = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
  const named = isIP(host) === 0 ? { servername: host } : {};
  const socket = connect({ host, port, ...named, ...tls.options() });
  const abort = () => void socket.destroy(limit.reason as Error);
  limit.addEventListener("abort", abort);
  try {
    await once(socket, "secureConnect", { signal: limit });
    tls.connected(socket);
    await exchange(socket, messages, limit);
  } catch (cause) {
    throw new BotenstoffError("SYSLOG_UNAVAILABLE", `sending the journal: ${kindOfError(cause)}`, { cause });
  } finally {
    limit.removeEventListener("abort", abort);
    socket.destroy();
  }
}

async function exchange(socket: TLSSocket, messages: readonly Buffer[], signal: AbortSignal): Promise<void> {
  let told = false;
  const ended = new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.once("end", () => (told ? resolve() : reject(new Error("ended too early"))));
    socket.once("close", () => reject(new Error("closed")));
  });
  // Looked at below; a failure meanwhile must not count as unseen.
  ended.catch(() => undefined);
  socket.resume();
  for (const message of messages) {
    if (socket.destroyed) break;
    const taken = socket.write(Buffer.concat([Buffer.from(`${message.length} `), message]));
    if (!taken) await Promise.race([once(socket, "drain", { signal }), ended]);
  }
  told = true;
  socket.end();
  await ended;
}
