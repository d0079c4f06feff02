import type { Component } from "#src/hl7/message.ts";
import { fileable } from "#src/message/attachment.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Message } from "#src/message/message.ts";
import type { DocumentContent } from "./content.ts";
import type { MdmParams } from "./params.ts";
import { segment } from "./segments.ts";
import { textObservation } from "./text.ts";
import { timestamp } from "./timestamp.ts";

/** The caption, if any, and then each image: OBX-4 tells the parts of the one document apart. */
export function imageContent(caption: string | undefined, message: Message, params: MdmParams): DocumentContent {
  const captions = caption === undefined || caption === "" ? [] : [textObservation(caption, message, 1)];
  const images = message.attachments.map((attachment, index) => {
    const stored = fileable(attachment);
    if (!stored) {
      throw new BotenstoffError("MAPPING_FAILED", "mapping message-to-mdm: an attachment has no content to send");
    }
    const number = String(captions.length + index + 1);
    const observation = segment("OBX", 1, {
      1: number,
      2: "ED",
      3: ["IMAGE", "Image sent by the patient", "L"],
      4: number,
      5: encapsulated(stored.type, attachment.id, params),
      11: "F",
      14: timestamp(message.sentAt),
    });
    return { type: stored.type, observation };
  });
  const [first] = images;
  if (!first) {
    throw new BotenstoffError("MAPPING_FAILED", "mapping message-to-mdm: the image message has no attachment");
  }
  return {
    presentation: "IM",
    mimeType: first.type,
    observations: [...captions, ...images.map(({ observation }) => observation)],
  };
}

/**
 * ED: source application, type of data (table 0191), sub-type (table 0291), encoding, data. The German profile puts
 * the MIME type into the second component and forbids the third (wiki.hl7.de V25dt:ED).
 */
function encapsulated(mimeType: string, attachmentId: string, { profile }: MdmParams): Component[] {
  const data = { blob: attachmentId };
  return profile === "german"
    ? ["", mimeType, "", "Base64", data]
    : ["", "IM", (mimeType.split("/")[1] ?? mimeType).toUpperCase(), "Base64", data];
}
