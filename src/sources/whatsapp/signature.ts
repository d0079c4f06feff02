import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Secret } from "#src/message/secret.ts";
import type { Webhook, WebhookRequest } from "#src/sources/source.ts";

/** Meta writes 64 lower-case hex digits; anything else was not written by Meta. */
const HEADER = /^sha256=([0-9a-f]{64})$/;

/** The HTTP side of the Cloud API: the subscription handshake and X-Hub-Signature-256. */
export function webhook(verifyToken: Secret, appSecrets: readonly Secret[]): Webhook {
  return {
    challenge(query) {
      const token = query.get("hub.verify_token");
      if (query.get("hub.mode") !== "subscribe" || token === null) return undefined;
      return equal(token, verifyToken.reveal()) ? (query.get("hub.challenge") ?? undefined) : undefined;
    },
    authenticate: (request) => authentic(request, appSecrets),
  };
}

/**
 * HMAC-SHA256 over the bytes as received: Meta signs the escaped form (`\u00e4`, `\/`), which no parser gives back.
 * Every secret is tried, so the time does not tell which one fitted during a rotation.
 */
function authentic(request: WebhookRequest, appSecrets: readonly Secret[]): boolean {
  const header = request.headers["x-hub-signature-256"];
  const digits = typeof header === "string" ? HEADER.exec(header)?.[1] : undefined;
  if (digits === undefined) return false;
  const given = Buffer.from(digits, "hex");
  const fits = appSecrets.map((secret) =>
    timingSafeEqual(createHmac("sha256", secret.reveal()).update(request.raw).digest(), given),
  );
  return fits.includes(true);
}

/** Compares digests, because timingSafeEqual wants equal lengths and the length is a secret too. */
function equal(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
