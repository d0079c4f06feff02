import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";

const PATIENCE_MS = 30_000;

/**
 * One request to the engine at BOTENSTOFF_URL with BOTENSTOFF_API_TOKEN.
 * @param path with its query, e.g. "/api/v1/messages?state=held"
 * @returns the parsed answer
 * @throws BotenstoffError ENGINE_UNREACHABLE, ENGINE_REFUSED with the engine's own title and detail
 */
export async function askEngine(method: "GET" | "POST", path: string, body?: unknown): Promise<unknown> {
  const { BOTENSTOFF_URL: url = "http://127.0.0.1:8080", BOTENSTOFF_API_TOKEN: token } = process.env;
  const asking = `asking the engine at ${url}`;
  if (!URL.canParse(url)) throw new BotenstoffError("CONFIG_INVALID", "reading BOTENSTOFF_URL: not a URL");
  if (token === undefined || token === "") {
    throw new BotenstoffError("CONFIG_INVALID", "reading BOTENSTOFF_API_TOKEN: not set");
  }
  const response = await fetch(new URL(path, url), {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": "application/json" }) },
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    const reason = Error.isError(cause) && cause.cause !== undefined ? kindOfError(cause.cause) : kindOfError(cause);
    throw new BotenstoffError("ENGINE_UNREACHABLE", `${asking}: ${reason}`, { cause });
  });
  const answer = (await response.json().catch(() => ({}))) as Refused;
  if (response.ok) return answer;
  const faults = (answer.errors ?? []).map(({ parameter, reason }) => `${parameter}: ${reason}`).join("; ");
  const said = [answer.title, faults === "" ? answer.detail : faults].filter((part) => part !== undefined).join(": ");
  throw new BotenstoffError("ENGINE_REFUSED", `${asking}: ${response.status} ${said}`.trimEnd());
}

/** Of a problem (RFC 9457) what a person is told; it quotes nothing that was sent. */
interface Refused {
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly parameter: string; readonly reason: string }[];
}
