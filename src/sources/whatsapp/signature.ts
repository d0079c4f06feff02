import { createHash, createHmac, createSecretKey, timingSafeEqual, type KeyObject } from "node:crypto";
import type { Secret } from "#src/message/secret.ts";

/** One header as Node gives it. */
type Header = string | readonly string[] | undefined;

/**
 * Whether a header carries HMAC-SHA256 of the body under one of the secrets. Computed over the bytes as received: Meta
 * signs the escaped form (`\u00e4`, `\/`), which no parser gives back. Every secret is tried, so that the time does not
 * tell which one fitted during a rotation.
 * @param form captures the 64 hex digits
 */
export function hmacFits(header: Header, form: RegExp, raw: Buffer, secrets: readonly Secret[]): boolean {
  const digits = typeof header === "string" ? form.exec(header)?.[1] : undefined;
  if (digits === undefined) return false;
  const given = Buffer.from(digits, "hex");
  const fits = secrets.map((secret) =>
    timingSafeEqual(createHmac("sha256", keyOf(secret)).update(raw).digest(), given),
  );
  return fits.includes(true);
}

/** A key object is ten times as fast as a key given as text. */
function keyOf(secret: Secret): KeyObject {
  const known = KEYS.get(secret);
  if (known) return known;
  const key = createSecretKey(secret.reveal(), "utf8");
  KEYS.set(secret, key);
  return key;
}

const KEYS = new WeakMap<Secret, KeyObject>();

/** Whether a header is one of the tokens, compared in constant time. */
export function tokenFits(header: Header, tokens: readonly Secret[]): boolean {
  if (typeof header !== "string") return false;
  return tokens.map((token) => equal(header, token.reveal())).includes(true);
}

/** Meta's subscription handshake: the challenge to echo, to whoever knows the verify token. */
export function answersChallenge(query: URLSearchParams, verifyToken: Secret | undefined): string | undefined {
  const token = query.get("hub.verify_token");
  if (!verifyToken || query.get("hub.mode") !== "subscribe" || token === null) return undefined;
  return equal(token, verifyToken.reveal()) ? (query.get("hub.challenge") ?? undefined) : undefined;
}

/** Compares digests, because timingSafeEqual wants equal lengths and the length is a secret too. */
function equal(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
