import { request as plain } from "node:http";
import { request as secure } from "node:https";
import { once } from "node:events";
import type { Settings } from "../settings.ts";

const EVERYWHERE: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** Whether an engine answers at the address of these settings. */
export async function engineRuns({ httpHost, httpPort, tls }: Settings, withinMs: number): Promise<boolean> {
  if (httpPort === 0) return false;
  const ask = tls ? secure : plain;
  // Asked is only whether the process lives; its certificate is looked at elsewhere.
  const request = ask({
    ...{ host: EVERYWHERE[httpHost] ?? httpHost, port: httpPort, path: "/healthz", agent: false },
    ...{ rejectUnauthorized: false, signal: AbortSignal.timeout(withinMs) },
  });
  request.end();
  try {
    const [response] = (await once(request, "response")) as [{ statusCode?: number; resume(): void }];
    response.resume();
    return response.statusCode === 200;
  } catch {
    return false;
  } finally {
    request.destroy();
  }
}
