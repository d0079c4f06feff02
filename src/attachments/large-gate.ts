import { Turnstile } from "./turnstile.ts";

/** Beyond this many bytes moved an attachment needs a place; most photos and voice messages never wait. */
export const LARGE_BYTES = 2 * 1024 * 1024;
const PLACES = 2;

/** Told how many bytes were moved; the next are moved when it resolves. */
export type Moved = (bytes: number) => Promise<void>;

/**
 * Lets few large attachments on at once. Streaming one needs little memory, but what twenty streams of 100 MB leave
 * behind for the garbage collector does not fit into 300 MB (test/bench/attachments.ts), and more than two side by side are no
 * faster on the same disk and processor. The others wait in the middle of their stream: connected, nothing is read.
 */
export interface LargeGate {
  /** Runs a job over one attachment, which tells of every piece it moves, be it in or out. */
  pass<T>(job: (moved: Moved) => Promise<T>): Promise<T>;
}

interface GateOptions {
  readonly largeBytes?: number;
  readonly places?: number;
}

export function createLargeGate(options: GateOptions = {}): LargeGate {
  const { largeBytes = LARGE_BYTES, places = PLACES } = options;
  const turnstile = new Turnstile(places);
  return {
    pass: async (job) => {
      const held = { bytes: 0, place: false };
      const moved: Moved = async (bytes) => {
        held.bytes += bytes;
        if (held.place || held.bytes <= largeBytes) return;
        await turnstile.enter();
        held.place = true;
      };
      try {
        return await job(moved);
      } finally {
        if (held.place) turnstile.leave();
      }
    },
  };
}

/** Passes bytes on and tells of them. */
export async function* telling(source: AsyncIterable<Buffer>, moved: Moved): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    yield chunk;
    await moved(chunk.length);
  }
}
