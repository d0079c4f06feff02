import type { Attachment } from "#src/message/attachment.ts";
import type { BlobStore } from "#src/seal/blobs/blob-store.ts";
import type { FetchedAttachment } from "#src/sources/source.ts";
import { ByteReader } from "./byte-reader.ts";
import { telling, type Moved } from "./large-gate.ts";
import { Memory } from "./memory.ts";
import { Meter, type Measured } from "./meter.ts";
import { sniff, SNIFF_BYTES } from "./sniff.ts";

/** Bytes as they came, sealed in the attachment's own blob, before anybody has judged them. */
export interface Received extends Measured {
  /** The bytes once more: from memory while they are few and not forgotten, from their blob otherwise. */
  readonly open: () => AsyncIterable<Buffer>;
  /** To be called when nothing that was opened is read any more. */
  readonly forget: () => void;
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
  const type = await sniff(Buffer.from(await reader.peek(SNIFF_BYTES)), declared, attachment.reference.fileName);
  const meter = new Meter();
  const memory = new Memory();
  const forget = () => memory.forget();
  try {
    await blobs.write(epoch, attachment.id, meter.through(memory.through(telling(reader.rest(), moved))));
  } catch (error) {
    forget();
    throw error;
  }
  const open = () => memory.again() ?? blobs.read(epoch, attachment.id);
  return { ...meter.measured(), open, forget, type, declared };
}
