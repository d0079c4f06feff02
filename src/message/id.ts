import { createHash, hash } from "node:crypto";

/** A message id: a UUID derived from (channel, external id, part), so a replay always has the same one. */
export type MessageId = string;

const NAMESPACE = Buffer.from("6f0f5c1e8d8b5c4fa1f2b07e3c9d4e55", "hex");
/** The digits whose upper two bits are 10 (RFC 9562 §4.1). */
const VARIANTS = "89ab";

/** UUIDv5 (RFC 9562 §5.5) of the parts under the engine's namespace; parts are length-prefixed so they cannot run together. */
export function deriveUuid(...parts: readonly string[]): string {
  let name = "";
  for (const part of parts) name += `${Buffer.byteLength(part)}:${part}`;
  const hex = hash("sha1", Buffer.concat([NAMESPACE, Buffer.from(name)]), "hex");
  const variant = VARIANTS[Number.parseInt(hex.charAt(16), 16) % 4] ?? "";
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The id of one message; `part` tells messages cut from one external id apart, "" for the usual single one. */
export function messageId(channel: string, externalId: string, part = ""): MessageId {
  return deriveUuid("message", channel, externalId, part);
}

/** What a message, or an attachment, is filed under: its id, and another one each time it is filed anew. */
export function filedId(id: string, filing: number): string {
  return filing === 1 ? id : deriveUuid("filing", id, String(filing));
}

/** The id of the n-th attachment (from 0) of a message. */
export function attachmentId(message: MessageId, ordinal: number): string {
  return deriveUuid("attachment", message, String(ordinal));
}

/** The name of a further blob of an attachment: what was fetched before its metadata was taken out, its preview, a rendition
 * for who cannot show it. */
export function blobId(attachment: string, part: "original" | "preview" | "rendition"): string {
  return deriveUuid("blob", attachment, part);
}

/** 20 characters of [0-9A-Z] from a message id: the longest MSH-10 that HL7 v2.5 allows (ST 20). `purpose` separates several HL7 messages of one message. */
export function controlId(message: MessageId, purpose = ""): string {
  const digest = createHash("sha256").update(`control:${purpose}:${message}`).digest("hex").slice(0, 26);
  return BigInt(`0x${digest}`).toString(36).toUpperCase().padStart(21, "0").slice(-20);
}
