import { entry, type ErrorEntry } from "./entry.ts";

/** HL7 v2 in. */
export const HL7_IN_ERRORS = {
  HL7_MALFORMED: entry(
    "permanent",
    "The frame is not an HL7 v2 message.",
    "Answered AR; correct the sender. The frame is held, nothing is lost.",
  ),
  HL7_UNSUPPORTED: entry(
    "permanent",
    "Message type, trigger or version is not one this channel takes.",
    "Answered AR; have the sender filter, or set `unknown_trigger` or `other_types` to `acknowledge`.",
  ),
  HL7_FIELD_MISSING: entry(
    "permanent",
    "A required HL7 field is missing or unusable.",
    "Answered AE with ERR naming segment and field; correct the sender, then resend.",
  ),
  HL7_TOO_MANY: entry(
    "permanent",
    "A message, or all messages about one patient, repeat a field, a segment or an identifier more often than any sender has reason to.",
    "Answered AR or AE with ERR naming segment and field; correct the sender. Nothing of the message was applied.",
  ),
  HL7_FIELD_UNUSABLE: entry(
    "permanent",
    "An HL7 field is there, but what it says cannot be used.",
    "Answered AE with ERR naming segment and field; correct the sender, then resend.",
  ),
} as const satisfies Record<string, ErrorEntry>;
