import type { RequestListener } from "node:http";
import { Connections } from "#src/api/connections.ts";
import { PARTS, type Part } from "#src/api/part.ts";
import { startServer, type RunningServer } from "#src/api/server.ts";
import type { TlsMaterial } from "#src/wire/tls/tls-files.ts";
import type { HttpListener, Settings } from "./settings.ts";

type Addresses = Pick<Settings, "httpHost" | "httpPort" | "httpInsecure" | "apart">;

/** Every address of the HTTP side; the first one serves all that has none of its own. */
export function listenersOf({ httpHost, httpPort, httpInsecure, apart }: Addresses): readonly HttpListener[] {
  return [
    {
      parts: PARTS.filter((part) => !apart.some(({ parts }) => parts.includes(part))),
      ...{ host: httpHost, port: httpPort, variable: "BOTENSTOFF_HTTP" },
      ...(httpInsecure !== undefined && { insecure: httpInsecure }),
    },
    ...apart,
  ];
}

export interface Listeners extends RunningServer {
  /** Where each part is served. */
  readonly urls: Readonly<Record<Part, string>>;
}

/**
 * Opens every address. Each has connections of its own: whoever fills one keeps nobody from another.
 * @throws BotenstoffError CONFIG_INVALID when it cannot listen on one of them; then on none
 */
export async function openListeners(
  settings: Addresses & Pick<Settings, "maxConnections">,
  tls: TlsMaterial["options"] | undefined,
  serve: (parts: readonly Part[], connections: Connections) => RequestListener,
): Promise<Listeners> {
  const opened: { readonly parts: readonly Part[]; readonly server: RunningServer }[] = [];
  const close = async () => {
    await Promise.all(opened.map(({ server }) => server.close()));
  };
  try {
    for (const { parts, host, port } of listenersOf(settings)) {
      const connections = new Connections({ connections: settings.maxConnections });
      const app = serve(parts, connections);
      opened.push({ parts, server: await startServer(app, { host, port, connections, ...(tls && { tls }) }) });
    }
  } catch (error) {
    await close();
    throw error;
  }
  const urlOf = (part: Part) => opened.find(({ parts }) => parts.includes(part))?.server.url ?? "";
  return {
    url: opened[0]?.server.url ?? "",
    urls: { webhooks: urlOf("webhooks"), api: urlOf("api"), metrics: urlOf("metrics") },
    renew: (renewed) => {
      for (const { server } of opened) server.renew(renewed);
    },
    close,
  };
}

/** Why plain HTTP is right, by listener, for the journal. */
export function reasonsOf(settings: Addresses): Record<string, string> {
  return Object.fromEntries(
    listenersOf(settings).flatMap(({ insecure, parts: [part = ""] }, index) =>
      insecure === undefined ? [] : [[index === 0 ? "insecure" : `insecure_${part}`, insecure]],
    ),
  );
}
