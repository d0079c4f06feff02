import type { Writable } from "node:stream";

/** Writes and waits until there is room for more, or until the other side is gone (then `destroyed` says so). */
export function write(stream: Writable, bytes: Buffer): Promise<void> {
  stream.write(bytes);
  return drained(stream);
}

/** Waits as `write` does, for everything written before. */
export function drained(stream: Writable): Promise<void> {
  if (stream.destroyed || !stream.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      stream.off("drain", done).off("close", done);
      resolve();
    };
    stream.on("drain", done).on("close", done);
  });
}
