/**
 * JSON with members sorted and no white space (RFC 8785 §3.2), written here anew: whoever checks a certificate must not
 * need the engine's own code.
 */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(",")}}`;
}

export type Verdict = "good" | "bad" | "unknownKey" | "unable";

/** Checks an Ed25519 signature over a certificate in this browser, against the published keys. */
export async function check(
  { certificate, signature }: { readonly certificate: unknown; readonly signature: string },
  keys: readonly { readonly id: string; readonly public_key: string }[],
): Promise<{ verdict: Verdict; key: string }> {
  const id = keyOf(certificate);
  const published = keys.find((one) => one.id === id);
  if (!published) return { verdict: "unknownKey", key: id };
  try {
    const key = await crypto.subtle.importKey("spki", bytesOf(published.public_key), "Ed25519", false, ["verify"]);
    const text = new TextEncoder().encode(canonical(certificate));
    const good = await crypto.subtle.verify("Ed25519", key, bytesOf(signature), text);
    return { verdict: good ? "good" : "bad", key: id };
  } catch {
    return { verdict: "unable", key: id };
  }
}

function keyOf(certificate: unknown): string {
  const id = (certificate as { signing_key_id?: unknown } | null)?.signing_key_id;
  return typeof id === "string" ? id : "";
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
