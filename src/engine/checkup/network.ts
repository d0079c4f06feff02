import { lookup } from "node:dns/promises";
import { createServer, connect, isIP } from "node:net";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { proxyOfEnvironment } from "#src/wire/http/proxy.ts";
import { kindOfError } from "#src/message/error-code.ts";
import { listenersOf } from "../listeners.ts";
import type { HttpListener } from "../settings.ts";
import { fail, note, ok, type Finding, type Situation } from "./finding.ts";

/** Whether the names of hosts in the environment have addresses. Said by the names of the variables. */
export async function examineNames({ env, withinMs }: Pick<Situation, "env" | "withinMs">): Promise<Finding[]> {
  const proxied = proxyOfEnvironment(env)?.https !== undefined;
  const named = Object.entries(env).flatMap(([variable, value]) => {
    const host = hostOf(variable, value ?? "");
    // The proxy looks up what is asked through it.
    const ours = host !== undefined && isIP(host) === 0 && !(proxied && variable === "WHATSAPP_GRAPH_URL");
    return ours ? [{ variable, host }] : [];
  });
  const found = await Promise.all(
    named.map(async ({ variable, host }) =>
      Promise.race([lookup(host), sleep(withinMs, undefined, { ref: false }).then(slow)]).then(
        () => [],
        (error: unknown) => {
          const text = `the host named by ${variable} has no address (${kindOfError(error)})`;
          return [fail("names", text, "Correct the name, or the DNS servers of this machine.")];
        },
      ),
    ),
  );
  const findings = found.flat();
  return findings.length > 0 || named.length === 0 ? findings : [ok("names", `${named.length} hosts have addresses`)];
}

function slow(): never {
  throw Object.assign(new Error("no answer"), { code: "ETIMEDOUT" });
}

const STEERS = /^(?:DATABASE_URL|(?:HTTPS?_PROXY)|(?:WHATSAPP|KIS|BOTENSTOFF)_.*)$/i;

/** Addresses of this machine itself. */
const LISTENS = /^BOTENSTOFF_(?:HTTP|WEBHOOKS|METRICS)_HOST$/;

function hostOf(variable: string, value: string): string | undefined {
  if (value === "" || !STEERS.test(variable)) return undefined;
  if (variable.endsWith("_HOST") && !LISTENS.test(variable)) return value;
  const url = value.includes("://") ? URL.parse(value) : null;
  const host = url?.hostname.replace(/^\[|\]$/g, "") ?? "";
  return host === "" ? undefined : host;
}

/** Whether the proxies of the environment take connections. */
export async function examineProxies({ env, withinMs }: Pick<Situation, "env" | "withinMs">): Promise<Finding[]> {
  const proxy = proxyOfEnvironment(env);
  const named = Object.entries({ HTTP_PROXY: proxy?.http, HTTPS_PROXY: proxy?.https });
  const findings = await Promise.all(
    named.map(async ([variable, address]) => {
      if (!address) return [];
      const url = new URL(address.reveal());
      const port = Number(url.port === "" ? (url.protocol === "https:" ? 443 : 80) : url.port);
      const refused = await refusal(url.hostname.replace(/^\[|\]$/g, ""), port, withinMs);
      if (refused === undefined) return [ok("proxy", `the proxy of ${variable} answers`)];
      return [
        fail("proxy", `the proxy of ${variable} does not answer (${refused})`, "Correct it; ask for a way to it."),
      ];
    }),
  );
  return proxy ? findings.flat() : [note("proxy", "none is set: Meta is asked directly")];
}

/** Whether the engine's ports are the engine's, or free for it. */
export async function examinePort({ settings, running }: Pick<Situation, "settings" | "running">): Promise<Finding[]> {
  const listeners = listenersOf(settings);
  if (running) return [ok("engine", `it runs and answers at port ${settings.httpPort}`)];
  if (settings.httpPort === 0) return [note("engine", "it is not known whether it runs: the system chooses its port")];
  const found = await Promise.all(listeners.map(examineListener));
  return found.flat();
}

async function examineListener({ host, port, variable }: HttpListener): Promise<Finding[]> {
  const server = createServer();
  const taken = await new Promise<string | undefined>((resolve) => {
    server.once("error", (error) => resolve(kindOfError(error)));
    server.listen(port, host, () => resolve(undefined));
  });
  if (taken !== undefined) {
    const text = `${variable}_HOST and _PORT cannot be listened on (${taken})`;
    return [fail("engine", text, "See who holds the port (`ss -ltnp`), or choose another.")];
  }
  server.close();
  await once(server, "close");
  const what = variable === "BOTENSTOFF_HTTP" ? "" : ` of ${variable}_PORT`;
  return [note("engine", `it does not run; port ${port}${what} is free for it`)];
}

/** Why no connection comes about; undefined where it does. */
async function refusal(host: string, port: number, withinMs: number): Promise<string | undefined> {
  const socket = connect({ host, port, timeout: withinMs });
  try {
    return await new Promise((resolve) => {
      socket.once("connect", () => resolve(undefined));
      socket.once("timeout", () => resolve("ETIMEDOUT"));
      socket.once("error", (error) => resolve(kindOfError(error)));
    });
  } finally {
    socket.destroy();
  }
}
