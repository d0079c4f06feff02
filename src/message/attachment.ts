/** What happened to an attachment's bytes. */
export type Verdict = "pending" | "clean" | "quarantined" | "gone";

/** What the source announced about bytes that are still to be fetched. */
export interface AttachmentReference {
  /** Media id at the source. */
  readonly mediaId: string;
  /** Address announced with the message; may be missing or expired. */
  readonly url?: string;
  /** MIME type the sender claims; a hint, never trusted. */
  readonly declaredType?: string;
  /** Announced SHA-256, lower-case hex; absent when none or not well-formed. */
  readonly announcedSha256?: string;
  /** Name chosen by the sender; untrusted, shown only. */
  readonly fileName?: string;
}

/** What is known once the bytes lie sealed in the blob store. */
export interface StoredContent {
  /** Lower-case hex of the plain bytes. */
  readonly sha256: string;
  /** Lower-case hex; FHIR R4 Attachment.hash is SHA-1 by definition. */
  readonly sha1: string;
  readonly bytes: number;
  /** Sniffed MIME type. */
  readonly type: string;
}

/** Bytes belonging to a message. */
export interface Attachment {
  readonly id: string;
  readonly ordinal: number;
  readonly reference: AttachmentReference;
  readonly verdict: Verdict;
  /** Present when verdict is `clean`. */
  readonly stored?: StoredContent;
}
