import { deriveUuid, type MessageId } from "#src/message/id.ts";

/** FHIR ids of a message's resources. Derived, so that writing them again is an update of the same resource, not a copy. */
export function resourceId(type: "Binary" | "Media" | "DocumentReference", attachmentId: string): string {
  return deriveUuid("fhir", type, attachmentId);
}

/** The Communication carries the message's own id: whoever sees one finds the other. */
export function communicationId(message: MessageId): string {
  return message;
}

/** An absolute identifier for a derived UUID (RFC 4122 in the system of URIs). */
export function uuidIdentifier(uuid: string): { system: string; value: string } {
  return { system: "urn:ietf:rfc:3986", value: `urn:uuid:${uuid}` };
}

/** FHIR R4's Attachment.hash is SHA-1; the hash that still means something is an identifier (OID of SHA-256). */
export function sha256Identifier(hex: string): { system: string; value: string } {
  return { system: "urn:oid:2.16.840.1.101.3.4.2.1", value: hex };
}
