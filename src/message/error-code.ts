/**
 * What an error means for the work in hand:
 * - `transient`: nothing happened; try again later.
 * - `ambiguous`: it may have happened; repeat the identical bytes under the same id.
 * - `permanent`: repeating cannot help; a person must act.
 */
export type FailureClass = "transient" | "ambiguous" | "permanent";

interface ErrorEntry {
  readonly class: FailureClass;
  /** One sentence for docs/errors.md and the API. */
  readonly meaning: string;
  /** What the operator does about it. */
  readonly remedy: string;
}

/** The closed list of everything that can go wrong. docs/errors.md is tested against it. */
export const ERRORS = {
  // configuration and start
  CONFIG_INVALID: entry(
    "permanent",
    "A setting is missing or malformed.",
    "Correct the environment variable or file the message names.",
  ),
  MASTER_KEY_MISSING: entry(
    "permanent",
    "BOTENSTOFF_MASTER_KEY_FILE is not set.",
    "Make one: `openssl rand -base64 48 > master.key && chmod 600 master.key`.",
  ),
  MASTER_KEY_WRONG: entry(
    "permanent",
    "The master key does not open the keyring.",
    "Point BOTENSTOFF_MASTER_KEY_FILE at the key this data directory was created with.",
  ),
  KEYRING_MISSING: entry(
    "permanent",
    "The database holds what was sealed under a keyring that is not in this data directory.",
    "Mount the data directory the database was used with, or restore its keyring. Lost for good: begin with an empty database.",
  ),
  DATA_DIR_IN_USE: entry(
    "permanent",
    "Another engine runs on this data directory's embedded PostgreSQL.",
    "Stop the other engine, or set DATABASE_URL to share a server between engines.",
  ),
  LEDGER_AHEAD: entry(
    "permanent",
    "The database holds epochs the deletion ledger says are purged.",
    "A backup was restored: run `botenstoff purge --replay-ledger`, then start again.",
  ),
  // store
  STORE_UNAVAILABLE: entry(
    "transient",
    "PostgreSQL does not answer.",
    "Check the server; the engine answers 503 and goes on by itself when it is back.",
  ),
  STORE_FULL: entry("transient", "The disk is too full to accept more.", "Free space on the data directory's volume."),
  LEASE_LOST: entry(
    "transient",
    "Another worker took the lane over.",
    "None; the other worker does the work. Frequent losses mean an overloaded machine.",
  ),
  // sealing
  SEAL_BROKEN: entry(
    "permanent",
    "A sealed value does not open: wrong key or altered bytes.",
    "Treat as tampering or a damaged disk; restore the affected epoch from a backup.",
  ),
  EPOCH_KEY_DESTROYED: entry(
    "permanent",
    "The epoch was purged; its key no longer exists.",
    "None: this is the purge working. The certificate is under /api/v1/purges.",
  ),
  // sources
  SIGNATURE_INVALID: entry(
    "permanent",
    "The webhook's X-Hub-Signature-256 does not match its bytes.",
    "Compare WHATSAPP_APP_SECRET with the app's secret; anything else is a stranger.",
  ),
  PAYLOAD_MALFORMED: entry(
    "permanent",
    "An authentic event cannot be read.",
    "Look at the held message's content; report it if Meta sent it.",
  ),
  MEDIA_UNAVAILABLE: entry(
    "transient",
    "The Graph API cannot deliver the attachment just now.",
    "None; it is asked again until the media id expires after 7 days.",
  ),
  MEDIA_UNAUTHORIZED: entry(
    "transient",
    "The Graph API refuses the access token.",
    "Renew WHATSAPP_ACCESS_TOKEN; waiting attachments then go on by themselves.",
  ),
  MEDIA_GONE: entry(
    "permanent",
    "The attachment no longer exists at Meta.",
    "Ask the patient to send it again; the message is held with a placeholder.",
  ),
  MEDIA_HASH_MISMATCH: entry(
    "permanent",
    "The fetched bytes do not have the announced SHA-256.",
    "Reprocess once; if it happens again, treat the connection to Meta as broken.",
  ),
  MEDIA_TYPE_LIES: entry(
    "permanent",
    "The attachment's bytes are of another kind than announced.",
    "Look at the held message; do not open the attachment outside a sandbox.",
  ),
  MEDIA_HOST_REFUSED: entry(
    "permanent",
    "The attachment's URL points to a host the channel does not name.",
    "Treat as an attack unless Meta announced a new media host; then add it to `media_hosts`.",
  ),
  MEDIA_TOO_LARGE: entry(
    "permanent",
    "The attachment is larger than the channel allows.",
    "Raise `max_attachment_bytes`, then reprocess.",
  ),
  MEDIA_TYPE_NOT_ALLOWED: entry(
    "permanent",
    "The attachment is of a type the channel does not allow.",
    "Release the held message, or add the type to `attachments.allow` and reprocess.",
  ),
  MEDIA_INFECTED: entry(
    "permanent",
    "The malware scanner found something in the attachment.",
    "Do not open it; inform the sender. Release only what is proven a false alarm.",
  ),
  MEDIA_NOT_SCANNED: entry(
    "permanent",
    "The malware scanner could not finish with the attachment: over its limits, too slow, or an error.",
    "Compare clamd's StreamMaxLength and time-outs with `max_attachment_bytes`, then reprocess.",
  ),
  MEDIA_UNREADABLE: entry(
    "permanent",
    "The attachment is damaged, too large to decode, or carries active content.",
    "Look at the held message; release it or ask the patient to send it again.",
  ),
  SCANNER_UNAVAILABLE: entry(
    "transient",
    "The malware scanner cannot be reached.",
    "Check clamd and BOTENSTOFF_CLAMD; attachments wait unscanned and go on by themselves.",
  ),
  INSPECTOR_UNAVAILABLE: entry(
    "transient",
    "The process that reads attachments cannot be started.",
    "Check memory and process limits of the machine; attachments go on by themselves.",
  ),
  // destinations
  DESTINATION_UNREACHABLE: entry(
    "transient",
    "No connection to the destination.",
    "Check host, port and firewall; lanes go on by themselves when it answers.",
  ),
  DESTINATION_BUSY: entry(
    "transient",
    "The destination asks to come back later.",
    "None unless it lasts; then ask the KIS team.",
  ),
  DESTINATION_UNTRUSTED: entry(
    "transient",
    "A certificate is refused, the destination's by us or ours by it.",
    "Renew or correct the certificate the message tells of; files are read again by themselves, lanes then go on.",
  ),
  DESTINATION_REJECTS: entry(
    "transient",
    "The destination rejects this kind of message altogether: it is not configured for it, or we are not.",
    "Compare MSH-3 to MSH-6, MSH-9, MSH-11 and MSH-12 with what the KIS team set up; lanes then go on by themselves.",
  ),
  DESTINATION_UNAUTHORIZED: entry(
    "transient",
    "The destination refuses our credentials.",
    "Renew the credentials of the channel; lanes then go on by themselves.",
  ),
  DESTINATION_NO_ANSWER: entry(
    "ambiguous",
    "The message was sent, but no matching answer came in time.",
    "None; the identical bytes are sent again under the same id.",
  ),
  DESTINATION_REFUSED: entry(
    "permanent",
    "The destination refused the message for its content.",
    "Read the receipt, correct the mapping, channel or master data, then reprocess.",
  ),
  PATIENT_NOT_YET_KNOWN: entry(
    "transient",
    "The destination does not know the patient or case yet.",
    "None; it is tried again after the KIS has had time to learn it.",
  ),
  PATIENT_WITHDRAWN: entry(
    "permanent",
    "The KIS deleted the patient after the message was routed and before it was sent.",
    "Reprocess: the message is identified anew, and held if nobody carries the number.",
  ),
  PATIENT_CHANGED_IN_DOUBT: entry(
    "permanent",
    "The patient was merged after the message was, or may have been, sent, and the destination does not know the former number any more.",
    "Look for the message in both charts (GET /api/v1/rehomings); if neither shows it, reprocess: it goes to the new one. Where it was to be withdrawn, have the KIS team take it out.",
  ),
  PATIENT_AMBIGUOUS_AT_DESTINATION: entry(
    "permanent",
    "The destination knows several patients with this identifier.",
    "Have the KIS team resolve the duplicate, then reprocess.",
  ),
  PATIENTS_CONFLICT: entry(
    "permanent",
    "One ADT message names identifiers that belong to different patients.",
    "Have the KIS send the merge (A40), or correct the identifiers, then reprocess.",
  ),
  CONFIRMATION_MISSING: entry(
    "transient",
    "The destination accepted the message but does not show it yet.",
    "None; it is read again. If it lasts, compare the receipt's ids with the KIS; has it lost them, reprocess.",
  ),
  CONFIRMATION_MISMATCH: entry(
    "permanent",
    "What the destination holds differs in patient, size or hash.",
    "Correct the chart first: it may be the wrong patient's. Then reprocess.",
  ),
  MAPPING_FAILED: entry(
    "permanent",
    "The mapping could not turn this message into output.",
    "Correct the mapping or its parameters, run `botenstoff test`, then reprocess.",
  ),
  // HL7 v2 in
  HL7_MALFORMED: entry(
    "permanent",
    "The frame is not an HL7 v2 message.",
    "Answered AR; correct the sender. The frame is held, nothing is lost.",
  ),
  HL7_UNSUPPORTED: entry(
    "permanent",
    "Message type, trigger or version is not one this channel takes.",
    "Answered AR; have the sender filter, or set `unknown_trigger: acknowledge`.",
  ),
  HL7_FIELD_MISSING: entry(
    "permanent",
    "A required HL7 field is missing or unusable.",
    "Answered AE with ERR naming segment and field; correct the sender, then resend.",
  ),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/**
 * The one error class of the engine. `message` is a gerund phrase ("delivering to archive: no ACK after 30 s") and
 * never carries personal data: ids only.
 */
export class BotenstoffError extends Error {
  override readonly name = "BotenstoffError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get class(): FailureClass {
    return ERRORS[this.code].class;
  }

  get remedy(): string {
    return ERRORS[this.code].remedy;
  }
}

function entry<C extends FailureClass>(failure: C, meaning: string, remedy: string) {
  return { class: failure, meaning, remedy } as const;
}

/** What may be logged of any error: our code, PostgreSQL's or Node's code, or its class. Its text may be personal. */
export function kindOfError(error: unknown): string {
  if (!Error.isError(error)) return "unknown";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
