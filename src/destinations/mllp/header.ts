import { ackMode } from "#src/hl7/ack-mode.ts";
import type { Outgoing } from "#src/wire/mllp/connection.ts";
import { headerField, type Hl7Message } from "#src/hl7/message.ts";
import { BotenstoffError } from "#src/message/error-code.ts";

/** What the header of an outgoing message says about how it is to be acknowledged. */
export interface Header {
  /** MSH-10. */
  readonly controlId: string;
  readonly expects: Outgoing["expects"];
  /** Original mode, MSH-15 and MSH-16 empty: there is one acknowledgement, on the same connection. */
  readonly original: boolean;
  /** Whether MSH-15 asks for the accept acknowledgement of success. */
  readonly acceptAckDue: boolean;
  /** Whether an application acknowledgement of success is due, besides or instead of the accept one. */
  readonly applicationAckDue: boolean;
}

/**
 * Reads MSH-10, MSH-15 and MSH-16.
 * @param settleOnWrite whether a message that asks for no acknowledgement may be sent at all
 * @throws BotenstoffError MAPPING_FAILED
 */
export function readHeader(message: Hl7Message, settleOnWrite: boolean): Header {
  const controlId = headerField(message, 10);
  if (controlId === "") throw failed("MSH-10 is missing");
  const [accept, application] = [headerField(message, 15), headerField(message, 16)];
  const mode = ackMode(accept, application);
  const applicationAckDue = mode.application(true);
  const acceptAckDue = mode.accept(true);
  const answered = applicationAckDue || acceptAckDue;
  if (!answered && !settleOnWrite) throw failed("MSH-15 and MSH-16 ask for no acknowledgement of success");
  const refusalsDue = mode.application(false) || mode.accept(false);
  return {
    controlId,
    expects: answered ? "answer" : refusalsDue ? "refusal" : "nothing",
    original: mode.original,
    acceptAckDue,
    applicationAckDue,
  };
}

function failed(reason: string): BotenstoffError {
  return new BotenstoffError("MAPPING_FAILED", `delivering by MLLP: ${reason}`);
}
