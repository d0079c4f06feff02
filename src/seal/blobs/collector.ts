import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** After this many bytes sealed or opened the buffers they leave behind are collected, long before they are 24 MB. */
const COLLECT_BYTES = 2 * 1024 * 1024;

/**
 * Told of every piece that is sealed or opened, it collects now and then what they leave behind. V8 counts the few bytes
 * of a Buffer's object, not the 64 KB behind it, when it decides on a young collection: they pile up
 * until at 24 MB the whole heap is marked for them. A young collection takes a millisecond or two.
 */
export function createCollector(collect = youngCollection): (bytes: number) => void {
  let uncollected = 0;
  return (bytes) => {
    uncollected += bytes;
    if (uncollected < COLLECT_BYTES) return;
    uncollected = 0;
    collect();
  };
}

let gc: ((options: { readonly type: "minor" }) => void) | undefined;

function youngCollection(): void {
  if (!gc) {
    setFlagsFromString("--expose-gc");
    gc = runInNewContext("gc") as typeof gc;
  }
  gc?.({ type: "minor" });
}
