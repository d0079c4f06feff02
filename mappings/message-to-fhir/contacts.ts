import { createHash } from "node:crypto";
import type { CommunicationPayload } from "@medplum/fhirtypes";
import { fhirString } from "#src/fhir/text.ts";
import type { ContactCard, ContactsContent } from "#src/message/content.ts";
import { readableLines } from "#src/wording/readable.ts";
import type { Chart } from "./chart.ts";
import { textPayload, type Rendered } from "./rendered.ts";

/** Address-book cards: readable lines, and each card as a vCard inside the Communication, being a few hundred bytes. */
export function contacts(content: ContactsContent, { words }: Chart): Rendered {
  return { payload: [textPayload(readableLines(content, words).join("\n")), ...content.cards.map(card)] };
}

function card({ name, vcard }: ContactCard): CommunicationPayload {
  const bytes = Buffer.from(vcard, "utf8");
  return {
    contentAttachment: {
      contentType: "text/vcard",
      data: bytes.toString("base64"),
      size: bytes.length,
      hash: createHash("sha1").update(bytes).digest("base64"),
      ...(name !== "" && { title: fhirString(name) }),
    },
  };
}
