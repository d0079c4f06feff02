import type { Communication, CommunicationPayload } from "@medplum/fhirtypes";
import { fhirString } from "#src/fhir/text.ts";
import type { Content } from "#src/message/content.ts";
import { readableLines } from "#src/wording/readable.ts";
import { typed } from "#src/wording/typed.ts";
import type { Chart } from "./chart.ts";
import type { AbsentAttachment, FiledAttachment } from "./filed.ts";

/** What a kind of message puts into the chart, beside the who and when that all of them share. */
export interface Rendered {
  /** Never empty: a Communication without a payload is a thread's header to some readers. */
  readonly payload: readonly CommunicationPayload[];
  readonly attachments?: readonly FiledAttachment[];
  /** External id of the message it is an answer to. */
  readonly answers?: string;
  /** External id of the message it changes; that one stays as it is. */
  readonly changes?: string;
  /** How it was said, where it was not written. */
  readonly medium?: "DICTATE" | "PHONE";
  readonly contained?: NonNullable<Communication["contained"]>;
  /** What is worth keeping but was not shown to the sender. */
  readonly notes?: readonly string[];
}

export function textPayload(text: string): CommunicationPayload {
  return { contentString: fhirString(text) };
}

/** What somebody typed. */
export function typedPayload(text: string): CommunicationPayload {
  return textPayload(typed(text));
}

/** Something that reads as a few lines and no more: an order, a note, what the engine cannot read. */
export function asLines(content: Content, { words }: Chart): Rendered {
  return { payload: [textPayload(readableLines(content, words).join("\n"))] };
}

/** The attachments of a message, each by reference or by the line in its place, its caption after them. */
export function withCaption(
  attachments: readonly (FiledAttachment | AbsentAttachment)[],
  caption: string | undefined,
): Rendered {
  const payload = attachments.flatMap((one): CommunicationPayload[] => {
    if ("placeholder" in one) return [textPayload(one.placeholder)];
    const { resourceType, id } = one.description;
    return [
      { contentReference: { type: resourceType, reference: `${resourceType}/${id}` } },
      ...one.remarks.map(textPayload),
    ];
  });
  return {
    payload: [...payload, ...(caption === undefined ? [] : [typedPayload(caption)])],
    attachments: attachments.flatMap((one) => ("placeholder" in one ? [] : [one])),
  };
}
