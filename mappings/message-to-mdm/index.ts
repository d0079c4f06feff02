import type { Hl7Message } from "#src/hl7/message.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { defineMapping } from "#src/message/mapping.ts";
import type { Message } from "#src/message/message.ts";
import type { DocumentContent } from "./content.ts";
import { params } from "./params.ts";
import type { MdmParams } from "./params.ts";
import { evn, msh, pid, pv1, txa } from "./segments.ts";
import { imageContent } from "./image.ts";
import { textContent } from "./text.ts";

/**
 * A message as an original document with content, MDM^T02^MDM_T02 (HL7 v2.5.1 ch. 9.6.2). Control id and document
 * number are derived from the message's id, so a repeat is recognised as one.
 */
export default defineMapping<MdmParams, Hl7Message>({
  output: "hl7",
  version: "1",
  params,
  map(message, context) {
    const { subject } = context;
    if (!subject) {
      throw new BotenstoffError(
        "MAPPING_FAILED",
        "mapping message-to-mdm: the channel identifies nobody, PID-3 would be empty",
      );
    }
    const content = contentOf(message, context.params);
    return {
      segments: [
        msh(message, context.params, context.routedAt),
        evn(message, context.routedAt),
        pid(subject.patient, context.params),
        pv1(subject.encounter),
        txa(message, content, context.params, context.routedAt),
        ...content.observations,
      ],
    };
  },
});

function contentOf(message: Message, parameters: MdmParams): DocumentContent {
  const { content } = message;
  switch (content.kind) {
    case "text":
      return textContent(content.text, message);
    case "image":
      return imageContent(content.caption, message, parameters);
    case "audio":
    case "video":
    case "document":
    case "sticker":
    case "location":
    case "contacts":
    case "choice":
    case "reaction":
    case "order":
    case "note":
    case "edit":
    case "revoke":
    case "call":
    case "hl7":
    case "unknown":
      throw new BotenstoffError(
        "MAPPING_FAILED",
        `mapping message-to-mdm: a message of kind "${content.kind}" is no document`,
      );
  }
}
