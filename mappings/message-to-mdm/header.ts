import type { Segment } from "#src/hl7/message.ts";
import { timestamp } from "#src/hl7/timestamp.ts";
import type { MappingContext } from "#src/message/mapping.ts";
import type { Message } from "#src/message/message.ts";
import type { DocumentEvent } from "./event.ts";
import type { MdmParams } from "./params.ts";
import { segment } from "./segment.ts";

/** The profile's rules add the version (MSH-12), the acknowledgements it wants and its own identifier. */
export function msh(event: DocumentEvent, params: MdmParams, routedAt: string): Segment {
  return segment("MSH", 3, {
    3: params.sending_application,
    4: params.sending_facility,
    5: params.receiving_application,
    6: params.receiving_facility,
    7: timestamp(routedAt, params.profile.timestamps),
    9: ["MDM", event.trigger, event.structure],
    10: event.controlId,
    11: params.processing_id,
    18: params.profile.charset,
  });
}

/** EVN-1 stays empty: MSH-9 says it already, and v2.7 withdrew it. EVN-2 is the one required field. */
export function evn(
  message: Message,
  { profile }: MdmParams,
  { routedAt, withdraw, withdrawnAt }: Pick<MappingContext<unknown>, "routedAt" | "withdraw" | "withdrawnAt">,
): Segment {
  // When the message is taken out of a wrong chart is not when it was sent (HL7 v2.5.1 3.4.1.6).
  const occurred = withdraw ? withdrawnAt : message.sentAt;
  return segment("EVN", 1, {
    2: timestamp(withdrawnAt ?? routedAt, profile.timestamps),
    6: occurred === undefined ? "" : timestamp(occurred, profile.timestamps),
  });
}
