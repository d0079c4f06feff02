/**
 * A digest as Meta writes it, in lower-case hex: webhooks carry 44 characters of base64, `GET /<media-id>` 64 of hex.
 * Undefined for every other shape, because several of Meta's own samples are no digests at all.
 */
export function sha256Hex(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  if (/^[0-9a-f]{64}$/i.test(value)) return value.toLowerCase();
  return /^[A-Za-z0-9+/]{43}=$/.test(value) ? Buffer.from(value, "base64").toString("hex") : undefined;
}
