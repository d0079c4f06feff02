import type { FhirTransaction } from "#src/fhir/transaction.ts";
import type { Message } from "#src/message/message.ts";
import type { Subject } from "#src/message/directory.ts";
import { communication, textPayload } from "./communication.ts";
import type { Params } from "./params.ts";
import { transaction } from "./transaction.ts";

/** A text: one Communication with the text as it was written. */
export function text(message: Message, content: { text: string }, subject: Subject, params: Params): FhirTransaction {
  const resource = communication(message, subject, [textPayload(content.text)], params);
  return transaction({ communication: resource, attachments: [], subject, params });
}
