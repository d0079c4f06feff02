import { entry, type ErrorEntry } from "./entry.ts";

/** Sources and what they bring. */
export const SOURCE_ERRORS = {
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
  PROVIDER_CHECK_FAILED: entry(
    "transient",
    "The provider did not answer the check as it should.",
    "400 or 404: phone_number_id is not a number of this token; no answer: check graph_url, the proxy and the firewall.",
  ),
  LOOKUP_UNANSWERED: entry(
    "transient",
    "The KIS does not say whose number it is; nobody is identified by what was known before.",
    "See to the KIS; what waits goes on by itself, and what is held for it is let in again, once it answers.",
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
} as const satisfies Record<string, ErrorEntry>;
