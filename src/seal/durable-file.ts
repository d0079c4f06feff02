import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { randomBytes, randomUUID } from "node:crypto";
import { dirname, join } from "node:path";

/**
 * Writes a file (mode 0600) that exists whole or not at all, never over an existing one, and is on the disk when this
 * returns. Linking, not renaming, is what makes it exclusive.
 * @returns false when there already is one
 */
export function createDurably(path: string, content: Buffer): boolean {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    writeTemporary(temporary, content);
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
    syncDirectory(dirname(path));
  }
}

/**
 * Overwrites a small file in place with random bytes, then unlinks it; one that is not there is fine. In place, because
 * a crash inside `createDurably` leaves a second name for the same bytes. Journaling file systems and SSDs may still
 * keep an old block: what must not come back is therefore stored wrapped, never bare.
 */
export function shredFile(path: string): void {
  try {
    const handle = openSync(path, "r+");
    try {
      const { size } = fstatSync(handle);
      writeSync(handle, randomBytes(size), 0, size, 0);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    unlinkSync(path);
  } catch (error) {
    // Another engine destroys it at the same moment.
    if (codeOf(error) !== "ENOENT") throw error;
  }
  syncDirectory(dirname(path));
}

/** Makes a directory (mode 0700) and its parents, each on the disk when this returns. */
export function makeDirectoryDurably(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; ; made = dirname(made)) {
    syncDirectory(dirname(made));
    if (made === first || made === dirname(made)) return;
  }
}

/** A rename, link or unlink is durable only once its directory is. */
export function syncDirectory(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/**
 * Makes a directory durable as `syncDirectory` does, without keeping the event loop: one fsync serves everybody whose
 * rename was done before it begins.
 */
export function createDirectorySync(): (path: string) => Promise<void> {
  const running = new Map<string, Promise<void>>();
  const waiting = new Map<string, Promise<void>>();
  const begin = (path: string): Promise<void> => {
    waiting.delete(path);
    const syncing = sync(path).finally(() => {
      if (running.get(path) === syncing) running.delete(path);
    });
    running.set(path, syncing);
    return syncing;
  };
  return (path) => {
    const joined = waiting.get(path);
    if (joined) return joined;
    const next = Promise.allSettled([running.get(path)]).then(() => begin(path));
    waiting.set(path, next);
    return next;
  };
}

async function sync(path: string): Promise<void> {
  const directory = await open(path);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function writeTemporary(path: string, content: Buffer): void {
  const handle = openSync(path, "wx", 0o600);
  try {
    writeFileSync(handle, content);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
