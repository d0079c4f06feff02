import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { BlobSlot, Slot } from "#src/hl7/message.ts";
import { renderPdf } from "#src/rendition/pdf.ts";
import { scaledPicture } from "#src/rendition/picture.ts";
import { Undrawable } from "#src/rendition/undrawable.ts";

type OpenBlob = (attachmentId: string) => Readable;

/**
 * Makes what is drawn or scaled, before the frame begins: a picture that cannot be read must not break a connection.
 * Attachments that go as they are stay slots, and are streamed.
 * @throws Undrawable for all pictures that cannot be drawn; what `openBlob` fails with
 */
export async function fillSlots(
  pieces: readonly (Buffer | Slot)[],
  openBlob: OpenBlob,
): Promise<(Buffer | BlobSlot)[]> {
  const filled: (Buffer | BlobSlot)[] = [];
  const undrawable: Undrawable[] = [];
  for (const piece of pieces) {
    if (Buffer.isBuffer(piece) || "blob" in piece) filled.push(piece);
    else
      try {
        filled.push(base64(await make(piece, openBlob)));
      } catch (error) {
        if (!(error instanceof Undrawable)) throw error;
        undrawable.push(error);
      }
  }
  const [first] = undrawable;
  if (!first) return filled;
  throw new Undrawable(
    undrawable.flatMap(({ pictures }) => pictures),
    first,
  );
}

async function make(slot: Exclude<Slot, BlobSlot>, openBlob: OpenBlob): Promise<Buffer> {
  const read = (id: string) => buffer(openBlob(id));
  if ("pdf" in slot) return renderPdf(slot.pdf, read);
  return scaledPicture(await read(slot.scaled), slot.maxBytes).catch((error: unknown) => {
    throw new Undrawable([slot.scaled], error);
  });
}

function base64(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString("base64"), "latin1");
}
