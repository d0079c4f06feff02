import type { Attachment } from "#src/message/attachment.ts";
import type { BlobStore } from "#src/seal/blob-store.ts";
import type { FetchedAttachment } from "#src/sources/source.ts";
import { ByteReader } from "./byte-reader.ts";
import { keep, type Kept } from "./keep.ts";
import { telling, type Moved } from "./large-gate.ts";
import { sniff, SNIFF_BYTES } from "./sniff.ts";

/** Bytes as they came, sealed in the attachment's own blob, before anybody has judged them. */
export interface Received extends Kept {
  /** What the bytes are; undefined when nothing known. */
  readonly type: string | undefined;
  /** What the sender or the provider says they are. */
  readonly declared: string;
}

/**
 * Streams what a source fetched into a sealed blob, hashing and sniffing on the way, with constant memory.
 * Whatever the stream fails with (too large, broken off), nothing remains.
 */
export async function receive(
  blobs: BlobStore,
  epoch: number,
  attachment: Attachment,
  fetched: FetchedAttachment,
  moved: Moved,
): Promise<Received> {
  const reader = new ByteReader(fetched.body as AsyncIterable<Buffer>);
  const declared = attachment.reference.declaredType ?? fetched.declaredType ?? "";
  const type = await sniff(Buffer.from(await reader.peek(SNIFF_BYTES)), declared);
  const kept = await keep(blobs, epoch, attachment.id, telling(reader.rest(), moved));
  return { ...kept, type, declared };
}
