import type { Attachment } from "#src/message/attachment.ts";
import { blobId } from "#src/message/id.ts";
import type { BlobStore } from "#src/seal/blob-store.ts";
import type { FetchedAttachment } from "#src/sources/source.ts";
import { ByteReader } from "./byte-reader.ts";
import { telling, type Moved } from "./large-gate.ts";
import { Meter, type Measured } from "./meter.ts";
import { sniff, SNIFF_BYTES } from "./sniff.ts";
import { isStrippable } from "./strip.ts";

/** Bytes as they came, sealed, before anybody has judged them. */
export interface Received extends Measured {
  /** The blob they lie in: the attachment's own, or its `original` where metadata is still to be taken out. */
  readonly blob: string;
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
  const blob = type !== undefined && isStrippable(type) ? blobId(attachment.id, "original") : attachment.id;
  const meter = new Meter();
  await blobs.write(epoch, blob, meter.through(telling(reader.rest(), moved)));
  return { ...meter.measured(), blob, type, declared };
}
