import type { FhirTransaction } from "#src/fhir/transaction.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { defineMapping } from "#src/message/mapping.ts";
import type { Message } from "#src/message/message.ts";
import { wordsIn } from "#src/wording/languages.ts";
import { audio } from "./audio.ts";
import type { Chart } from "./chart.ts";
import { choice } from "./choice.ts";
import { contacts } from "./contacts.ts";
import { document } from "./document.ts";
import { edit } from "./edit.ts";
import { image } from "./image.ts";
import { location } from "./location.ts";
import { params, type Params } from "./params.ts";
import { reaction } from "./reaction.ts";
import { asLines, type Rendered } from "./rendered.ts";
import { revoke } from "./revoke.ts";
import { sticker } from "./sticker.ts";
import { text } from "./text.ts";
import { transaction } from "./transaction.ts";
import { video } from "./video.ts";
import { withdrawal } from "./withdrawal.ts";

/** A message as FHIR R4 resources: one Communication, for each attachment also a Binary and a Media or DocumentReference. */
export default defineMapping<Params, FhirTransaction>({
  output: "fhir",
  version: "4",
  withdraws: true,
  addenda: true,
  params,
  map(message, { subject, params: given, withdraw = false, language, sourceName = "Messenger", fit }) {
    if (!subject) throw new BotenstoffError("MAPPING_FAILED", "mapping message-to-fhir: the message has no patient");
    const chart = { subject, params: given, words: wordsIn(language), sourceName, ...(fit && { fit }) };
    const filed = transaction(message, rendered(message, chart), chart);
    return withdraw ? withdrawal(filed) : filed;
  },
});

function rendered(message: Message, chart: Chart): Rendered {
  const { content } = message;
  switch (content.kind) {
    case "text":
      return text(content);
    case "image":
      return image(message, content, chart);
    case "audio":
      return audio(message, content, chart);
    case "video":
      return video(message, content, chart);
    case "document":
      return document(message, content, chart);
    case "sticker":
      return sticker(message, chart);
    case "location":
      return location(content, chart);
    case "contacts":
      return contacts(content, chart);
    case "choice":
      return choice(message, content, chart);
    case "reaction":
      return reaction(content, chart);
    case "edit":
      return edit(message, content, chart);
    case "revoke":
      return revoke(content, chart);
    case "call":
      return { ...asLines(content, chart), medium: "PHONE" };
    case "order":
    case "note":
    case "unknown":
      return asLines(content, chart);
    case "hl7":
      throw new BotenstoffError("MAPPING_FAILED", "mapping message-to-fhir: an HL7 message is nothing a patient said");
  }
}
