import type { FhirTransaction } from "#src/fhir/transaction.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { defineMapping } from "#src/message/mapping.ts";
import { image } from "./image.ts";
import { params, type Params } from "./params.ts";
import { text } from "./text.ts";

/** A patient's message as FHIR R4 resources: Communication, for an image also Binary and Media. */
export default defineMapping<Params, FhirTransaction>({
  output: "fhir",
  version: "1",
  params,
  map(message, { subject, params: given }) {
    if (!subject) throw new BotenstoffError("MAPPING_FAILED", "mapping message-to-fhir: the message has no patient");
    const { content } = message;
    switch (content.kind) {
      case "text":
        return text(message, content, subject, given);
      case "image":
        return image(message, content, subject, given);
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
        throw new BotenstoffError("MAPPING_FAILED", `mapping message-to-fhir: no rule for kind ${content.kind}`);
    }
  },
});
