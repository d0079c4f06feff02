import { statfs } from "node:fs/promises";

/** Bytes free on the volume of a directory, as far as this process may use them. */
export type FreeBytes = (directory: string) => Promise<number>;

const LOOK_EVERY_MS = 1_000;

/**
 * Whether the volume of the data directory has room for more. Below the watermark new events are answered 503 or
 * AE and no attachment is fetched, while what is already here can still leave and PostgreSQL can write its log. Looks at most once a
 * second; a volume that cannot be looked at has no room.
 */
export function watermark(
  directory: string,
  minFreeBytes: number,
  freeBytes: FreeBytes = free,
): () => Promise<boolean> {
  let looked: { readonly at: number; readonly answer: Promise<boolean> } | undefined;
  return () => {
    if (looked && performance.now() - looked.at < LOOK_EVERY_MS) return looked.answer;
    const answer = freeBytes(directory).then(
      (bytes) => bytes >= minFreeBytes,
      () => false,
    );
    looked = { at: performance.now(), answer };
    return answer;
  };
}

async function free(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
