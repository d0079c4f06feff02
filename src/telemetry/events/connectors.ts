import { event, type EventEntry } from "./entry.ts";

/** Sources and destinations. */
export const CONNECTOR_EVENTS = {
  "mllp.ignored": event(["info"], "An HL7 message of no interest was acknowledged and not taken."),
  "mllp.refused": event(
    ["warn"],
    "HL7 messages of a sender are refused for this reason; told once until there was none for five minutes.",
    "Read the error code; correct the sender, or the channel.",
  ),
  "mllp.refusals_over": event(["info"], "No HL7 message was refused, or left aside, for this reason for five minutes."),
  "directory.phone_not_used": event(
    ["info"],
    "A number of a patient is not used: a word beside it may name another person, or its area code is missing.",
    "Have the KIS correct the number, or add the word to config/phone-words.yaml if it names nobody.",
  ),
  "mllp.acknowledgement_dropped": event(
    ["warn"],
    "An acknowledgement came where messages are due; it was neither taken nor answered.",
    "Have the sender keep its answers to the connection of the question.",
  ),
  "mllp.warned": event(
    ["info"],
    "A message was taken although a field is not as it should be; its sender was told. Once for each connection.",
    "Read the codes and places; correct the sender.",
  ),
  "mllp.charset_misfit": event(
    ["warn"],
    "Bytes are not in the character set MSH-18 names; they were read as what they are. Once for each connection.",
    "Correct the sender, or set the source's `charset`.",
  ),
  "mllp.batch_incomplete": event(
    ["warn"],
    "A batch holds another number of messages than its sender counted.",
    "Have the sender look for the others.",
  ),
  "mllp.frame_refused": event(["warn"], "A frame is not one the engine takes.", "Correct the sender."),
  "mllp.bytes_outside_frames": event(
    ["warn"],
    "Bytes came between or without frames; they were skipped.",
    "Correct the sender.",
  ),
  "mllp.sender_refused": event(
    ["warn"],
    "Somebody who is not on the list of `senders` was hung up on or refused, or `max_connections` were open.",
    "Find out who it is; add the KIS's own systems to the list, or raise the limit.",
  ),
  "mllp.listener_failed": event(["warn"], "A listener reported a failure.", "Check address and port."),
  "mllp.client_refused": event(
    ["warn"],
    "A TLS client was refused.",
    "Check the certificate of the sender against the configured authorities.",
  ),
  "mllp.application_ack_port": event(
    ["warn"],
    "The port for application acknowledgements does not listen yet.",
    "Free the port or choose another.",
  ),
  "mllp.application_ack_client_refused": event(
    ["warn"],
    "A TLS client of the port for application acknowledgements was refused.",
    "Check its certificate.",
  ),
} as const satisfies Record<string, EventEntry>;
