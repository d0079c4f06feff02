import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Turnstile } from "./turnstile.ts";

/** Beyond this many bytes moved an attachment needs a place; most photos and voice messages never wait. */
const LARGE_BYTES = 2 * 1024 * 1024;
const PLACES = 1;
/** After this many bytes of attachments the buffers they leave behind are collected. */
const COLLECT_BYTES = 4 * 1024 * 1024;

/** Told how many bytes were moved; the next are moved when it resolves. */
export type Moved = (bytes: number) => Promise<void>;

/**
 * Lets few large attachments on at once. Streaming one needs little memory, but what twenty streams of 100 MB leave
 * behind for the garbage collector does not fit into 300 MB (bench/attachments.ts), and side by side they are no faster
 * on the same disk and processor. The others wait in the middle of their stream: connected, nothing is read.
 */
export interface LargeGate {
  /** Runs a job over one attachment, which tells of every piece it moves, be it in or out. */
  pass<T>(job: (moved: Moved) => Promise<T>): Promise<T>;
}

interface GateOptions {
  readonly largeBytes?: number;
  readonly places?: number;
  /** Frees what lies around. */
  readonly collect?: () => void;
}

export function createLargeGate(options: GateOptions = {}): LargeGate {
  const { largeBytes = LARGE_BYTES, places = PLACES, collect = collector() } = options;
  const turnstile = new Turnstile(places);
  let uncollected = 0;
  return {
    pass: async (job) => {
      const held = { bytes: 0, place: false };
      const moved: Moved = async (bytes) => {
        held.bytes += bytes;
        uncollected += bytes;
        if (uncollected >= COLLECT_BYTES) {
          uncollected = 0;
          collect();
        }
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

/**
 * V8 counts the few bytes of a Buffer's object, not the 64 KB behind it, when it decides on a young collection: they
 * pile up to 100 MB. A young collection takes about a millisecond.
 */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: { type: "minor" }) => void;
  return () => collect({ type: "minor" });
}

/** Passes bytes on and tells of them. */
export async function* telling(source: AsyncIterable<Buffer>, moved: Moved): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    yield chunk;
    await moved(chunk.length);
  }
}
