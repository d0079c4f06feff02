/** How urgently an operator should look: `error` means messages are being lost. */
export type NoticeLevel = "info" | "warn" | "error";

/**
 * What a source tells about sent messages, the account or the number. Nobody said it, so it is no message: it is stored,
 * counted and shown to operators, never filed. Everything but `raw`, `externalId` and `about` is free of personal data.
 */
interface NoticeFacts {
  /** Identity for deduplication. Personal: it may contain a wamid. */
  readonly externalId: string;
  /** Tells different notices with one external id apart, as for messages. */
  readonly part?: string;
  /** Whom it was sent to, where that is not the channel's own address (`Source.address`). */
  readonly addressee?: string;
  /** The source's name of the field it came in: "statuses", "account_update". */
  readonly field: string;
  /** What happened, in the source's word, tamed to [A-Za-z0-9_:.#-]: "delivered", "DISABLED_UPDATE". */
  readonly event: string;
  /** The source's error codes, digits only, sorted. */
  readonly codes: readonly string[];
  readonly level: NoticeLevel;
  /** When the source says it happened; ISO 8601, UTC. */
  readonly at: string;
  readonly raw: unknown;
}

/** How far a message the hospital sent has come. */
export interface StatusDraft extends NoticeFacts {
  readonly kind: "status";
  readonly about: SentMessage;
}

/** A sent message, or its copy for one participant of a group. Personal. */
export interface SentMessage {
  readonly externalId: string;
  readonly participant?: string;
}

/** Something an operator may have to act on. */
export interface OperatorDraft extends NoticeFacts {
  readonly kind: "operator";
}

export type NoticeDraft = StatusDraft | OperatorDraft;
