import { entry, type ErrorEntry } from "./entry.ts";

/** Destinations. */
export const DESTINATION_ERRORS = {
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
    "Renew or correct the certificate the message tells of, or name the CA it is of (`ca`); files are read again by themselves, lanes then go on.",
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
  DESTINATION_TOO_LARGE: entry(
    "permanent",
    "The destination does not take a message of this size, and it could not be made smaller.",
    "Ask the KIS team to take larger requests (a proxy before the server may be what refuses them), or set `oversize` of the mapping; then reprocess.",
  ),
  DESTINATION_REFUSES_IDS: entry(
    "permanent",
    "The FHIR server does not let its clients choose the ids of what they create.",
    "Have the KIS team allow update as create (R4 http.html#upsert), or set `resource_ids: server` on the destination; then reprocess.",
  ),
  SEARCH_UNRELIABLE: entry(
    "transient",
    "The FHIR server searched for a patient by something else than it was asked for, or refuses to search.",
    "Have the KIS team switch on the search of Patient by `identifier` (for a look-up by `phone` or `telecom`); lanes then go on by themselves.",
  ),
  PATIENT_NOT_YET_KNOWN: entry(
    "transient",
    "The destination does not know the patient or case yet.",
    "None; it is tried again after the KIS has had time to learn it.",
  ),
  STOPPED_TOO_LONG: entry(
    "permanent",
    "A message stopped its conversation at a destination for longer than `stops_for`, while others got through.",
    "Read the code it names and see to that; then reprocess, or skip it there.",
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
  CONFIRMATION_OVERDUE: entry(
    "permanent",
    "The destination accepted the message and has not shown it for longer than `shown_within`.",
    "Compare the receipt's ids with the KIS; has it lost them, reprocess or resend; will it never show them, skip it there.",
  ),
  CONFIRMATION_MISMATCH: entry(
    "permanent",
    "What the destination shows differs from what was sent: patient, status, time, sender, text, a link, size or hash.",
    "Correct the chart first: it may be the wrong patient's. Then reprocess.",
  ),
  MAPPING_FAILED: entry(
    "permanent",
    "The mapping could not turn this message into output.",
    "Correct the mapping or its parameters, run `botenstoff test`, then reprocess.",
  ),
} as const satisfies Record<string, ErrorEntry>;
