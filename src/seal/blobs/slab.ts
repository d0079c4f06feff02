/** What a small attachment fits into, and what is handed to the operating system at once. */
export const SLAB_BYTES = 512 * 1024;
/** Kept for the next ones; with everything that is read and written at once more may be in use. */
const SPARE = 64;

const spare: Buffer[] = [];

/**
 * A large buffer that is used over and over: one that lives while a disk or a peer is waited for is out of reach of
 * the quick garbage collection, and a few dozen of them make V8 mark the whole heap. Holds what was in it before.
 */
export function takeSlab(): Buffer {
  return spare.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
}

/** Gives a slab back, once: nobody may read or write it any more. */
export function giveSlab(slab: Buffer): void {
  if (spare.length < SPARE) spare.push(slab);
}
