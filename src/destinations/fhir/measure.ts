import { createHash } from "node:crypto";
import type { FhirClient } from "#src/wire/fhir/client.ts";
import { refusal, type FhirResponse } from "#src/wire/fhir/answer.ts";
import { bytesWithin, dump } from "#src/wire/http/body.ts";

/** What bytes are compared by. */
export interface Measured {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Base64 and whatever else a Binary says of itself. */
const JSON_OVERHEAD_BYTES = 1024 * 1024;

export function measure(base64: string): Measured {
  return measured(Buffer.from(base64, "base64"));
}

/**
 * The size and hash of a Binary; undefined where the server does not show its bytes. A Binary comes as it is, asked for by
 * its own type, or, from servers that insist, as JSON with base64 (R4 binary.html). HAPI keeps large ones apart from the
 * resource (the extension of `_data`) and gives them out by an operation.
 * @param mostBytes what is larger is not read to its end: it differs already
 */
export async function measureBinary(
  client: FhirClient,
  path: string,
  contentType: string,
  mostBytes: number,
  signal: AbortSignal,
): Promise<Measured | undefined> {
  const headers = { accept: contentType === "" ? "*/*" : `${contentType}, */*;q=0.1` };
  const consume = (response: FhirResponse) => measureBody(response, mostBytes);
  const found = await client.ask({ method: "GET", path, headers }, signal, consume);
  if (found !== "elsewhere") return found;
  const apart = `${path}/$binary-access-read?path=Binary.data`;
  const raw = await client.ask({ method: "GET", path: apart, headers }, signal, consume);
  return raw === "elsewhere" ? undefined : raw;
}

async function measureBody(response: FhirResponse, mostBytes: number): Promise<Measured | "elsewhere" | undefined> {
  const { status, contentType, body } = response;
  if (status !== 200) {
    if (status !== 404 && status !== 410) throw await refusal(response);
    await dump(body);
    return undefined;
  }
  if (contentType.includes("json")) {
    const bytes = await bytesWithin(body, Math.ceil(mostBytes / 3) * 4 + JSON_OVERHEAD_BYTES);
    const { resourceType, data } = parsed(bytes);
    if (resourceType === "Binary") return typeof data === "string" ? measure(data) : "elsewhere";
    return measured(bytes);
  }
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    if (bytes > mostBytes) break;
  }
  return { bytes, sha256: hash.digest("hex") };
}

function measured(bytes: Buffer): Measured {
  return { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** A patient's document may be JSON itself. */
function parsed(bytes: Buffer): { readonly resourceType?: unknown; readonly data?: unknown } {
  try {
    return (JSON.parse(bytes.toString("utf8")) ?? {}) as { resourceType?: unknown; data?: unknown };
  } catch {
    return {};
  }
}
