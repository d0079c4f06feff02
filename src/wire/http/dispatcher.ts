import { Agent, EnvHttpProxyAgent, buildConnector, type Dispatcher } from "undici";
import { TLSSocket } from "node:tls";
import { isOurCertificateRefused } from "../tls/certificate-refusal.ts";
import type { ClientTls } from "../tls/client-tls.ts";
import type { Proxy } from "./proxy.ts";

export interface DispatcherSettings {
  readonly connectTimeoutMs: number;
  /** How long the other side may say nothing while it answers. */
  readonly silenceMs: number;
  /** At most so many connections to one host; unlimited where absent. */
  readonly connections?: number;
  /** Whom to trust and who we are; absent: the public authorities, and nobody. */
  readonly tls?: ClientTls;
  /** Absent: every host is asked directly. */
  readonly proxy?: Proxy;
}

/** What requests go through: connections that are kept, a proxy where there is one, certificates read anew when they change. */
export class HttpConnections {
  readonly #settings: DispatcherSettings;
  #secure: object | undefined;
  #dispatcher: Dispatcher;
  #alert: Error | undefined;

  constructor(settings: DispatcherSettings) {
    this.#settings = settings;
    this.#secure = settings.tls?.options();
    this.#dispatcher = this.#open();
  }

  /** With renewed certificate files the next request has connections of its own; those under way end as they began. */
  current(): Dispatcher {
    const newest = this.#settings.tls?.options();
    if (newest !== this.#secure) {
      void this.#dispatcher.close();
      this.#secure = newest;
      this.#dispatcher = this.#open();
    }
    return this.#dispatcher;
  }

  /**
   * Why a request failed. With TLS 1.3 a server says that it does not take our certificate, or misses one, after the
   * handshake (RFC 8446 §4.4.2.4): of the request only a closed connection is told.
   */
  reasonOf(failure: unknown): unknown {
    const closed = Error.isError(failure) && "code" in failure && CLOSED.has(String(failure.code));
    const alert = this.#alert;
    this.#alert = undefined;
    return closed && alert ? alert : failure;
  }

  close(): Promise<void> {
    return this.#dispatcher.close();
  }

  #open(): Dispatcher {
    const { connectTimeoutMs: timeout, silenceMs, connections, proxy } = this.#settings;
    const to = { ...this.#secure, timeout, allowH2: false };
    const common = {
      headersTimeout: silenceMs,
      bodyTimeout: silenceMs,
      allowH2: false,
      connect: this.#watched(buildConnector(to)),
      ...(connections !== undefined && { connections }),
    };
    if (!proxy) return new Agent(common);
    return new EnvHttpProxyAgent({
      ...common,
      connectTimeout: timeout,
      requestTls: to,
      // An empty address keeps it from looking into the environment of the process itself.
      httpProxy: proxy.http?.reveal() ?? "",
      httpsProxy: proxy.https?.reveal() ?? "",
      noProxy: proxy.direct,
    });
  }

  #watched(connector: buildConnector.connector): buildConnector.connector {
    return (options, callback) =>
      connector(options, (error, socket) => {
        if (error) {
          callback(error, null);
          return;
        }
        if (socket instanceof TLSSocket) {
          this.#settings.tls?.connected(socket);
          socket.on("error", (reason: Error) => {
            if ("code" in reason && isOurCertificateRefused(String(reason.code))) this.#alert = reason;
          });
        }
        callback(null, socket);
      });
  }
}

const CLOSED = new Set(["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"]);
