import { statfs } from "node:fs/promises";

/** Below this the engine answers 503: what is already here must still be able to move, and PostgreSQL to write WAL. */
const WATERMARK_BYTES = 256 * 1024 * 1024;

/** Whether the volume of the data directory has room for more. Asks at most once a second. */
export const mayStore = cached(async (directory: string) => {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize > WATERMARK_BYTES;
}, 1_000);

function cached(look: (key: string) => Promise<boolean>, ms: number): (key: string) => Promise<boolean> {
  const answers = new Map<string, { at: number; answer: Promise<boolean> }>();
  return (key) => {
    const known = answers.get(key);
    if (known && performance.now() - known.at < ms) return known.answer;
    const answer = look(key);
    answers.set(key, { at: performance.now(), answer });
    return answer;
  };
}
