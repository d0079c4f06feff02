import { BotenstoffError } from "#src/message/error-code.ts";
import type { BlobStore } from "#src/seal/blobs/blob-store.ts";
import type { Leased } from "#src/lanes/lease.ts";

/**
 * The blobs for a worker that may lose its lane in the middle of a download, as one that was paused does: what it then
 * still reads to its end is not stored, for its successor may have booked a blob of that name already.
 */
export function whileOurs(blobs: BlobStore, leased: Pick<Leased, "valid">): BlobStore {
  return { ...blobs, write: (epoch, id, source) => blobs.write(epoch, id, checked(source, leased)) };
}

async function* checked(source: AsyncIterable<Buffer> | Iterable<Buffer>, leased: Pick<Leased, "valid">) {
  yield* source;
  if (!leased.valid()) throw new BotenstoffError("LEASE_LOST", "storing an attachment: the lane's lease ran out");
}
