import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { BlobSlot, Slot } from "#src/hl7/message.ts";
import { renderPdf } from "#src/rendition/pdf.ts";
import { scaledPicture } from "#src/rendition/picture.ts";

type OpenBlob = (attachmentId: string) => Readable;

/**
 * Makes what is drawn or scaled, before the frame begins: a picture that cannot be read must not break a connection.
 * Attachments that go as they are stay slots, and are streamed.
 * @throws BotenstoffError MAPPING_FAILED for a picture that cannot be drawn; what `openBlob` fails with
 */
export async function fillSlots(
  pieces: readonly (Buffer | Slot)[],
  openBlob: OpenBlob,
): Promise<(Buffer | BlobSlot)[]> {
  const filled: (Buffer | BlobSlot)[] = [];
  for (const piece of pieces) {
    filled.push(Buffer.isBuffer(piece) || "blob" in piece ? piece : base64(await make(piece, openBlob)));
  }
  return filled;
}

function make(slot: Exclude<Slot, BlobSlot>, openBlob: OpenBlob): Promise<Buffer> {
  const read = (id: string) => buffer(openBlob(id));
  return "pdf" in slot
    ? renderPdf(slot.pdf, read)
    : read(slot.scaled).then((bytes) => scaledPicture(bytes, slot.maxBytes));
}

function base64(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString("base64"), "latin1");
}
