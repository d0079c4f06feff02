import { randomUUID } from "node:crypto";
import { closeSync, existsSync, fsync, open, writeFile } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { BotenstoffError } from "#src/message/error-code.ts";
import { createCollector } from "./collector.ts";
import { createDirectorySync, makeDirectoryDurably } from "../durable-file.ts";
import { openFile, sealFrames } from "./frames.ts";
import type { Keyring } from "../keyring/keyring.ts";
import { giveSlab, SLAB_BYTES, takeSlab } from "./slab.ts";

/** Sealed attachments: one file per blob, one folder per epoch. */
export interface BlobStore {
  /** Streams plain bytes in; durable and whole when it resolves, nothing remains when it rejects. */
  write(epoch: number, id: string, source: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<{ bytes: number }>;
  /** Streams plain bytes out; the stream fails with SEAL_BROKEN or EPOCH_KEY_DESTROYED. */
  read(epoch: number, id: string): Readable;
  exists(epoch: number, id: string): boolean;
  /** Copies a blob into another epoch under its key; the old one goes with its folder. */
  reseal(id: string, from: number, to: number): Promise<void>;
  remove(epoch: number, id: string): Promise<void>;
  removeEpoch(epoch: number): Promise<void>;
  epochs(): Promise<number[]>;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function createBlobStore({ directory, keyring }: { directory: string; keyring: Keyring }): BlobStore {
  const folder = (epoch: number) => join(directory, String(epoch));
  const fileOf = (epoch: number, id: string) => {
    if (!UUID.test(id)) throw new BotenstoffError("SEAL_BROKEN", "finding a blob: its id is not a UUID");
    return join(folder(epoch), id);
  };

  const syncDirectory = createDirectorySync();
  const moved = createCollector();

  const write: BlobStore["write"] = async (epoch, id, source) => {
    const file = fileOf(epoch, id);
    makeDirectoryDurably(folder(epoch));
    const temporary = join(folder(epoch), `.${randomUUID()}.tmp`);
    let bytes = 0;
    async function* counted() {
      for await (const chunk of source) {
        bytes += chunk.length;
        moved(chunk.length);
        yield chunk;
      }
    }
    try {
      await createDurably(temporary, sealFrames(keyring.epochKey(epoch), id, counted()));
      await rename(temporary, file);
      await syncDirectory(folder(epoch));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    return { bytes };
  };

  const read: BlobStore["read"] = (epoch, id) => Readable.from(opened(epoch, id), { objectMode: false });

  async function* opened(epoch: number, id: string): AsyncGenerator<Buffer> {
    const key = keyring.openEpochKey(epoch);
    try {
      for await (const chunk of openFile(key, id, fileOf(epoch, id))) {
        moved(chunk.length);
        yield chunk;
      }
    } catch (error) {
      throw codeOf(error) === "ENOENT" ? missing(error) : error;
    }
  }

  return {
    write,
    read,
    exists: (epoch, id) => existsSync(fileOf(epoch, id)),
    reseal: async (id, from, to) => {
      await write(to, id, read(from, id));
    },
    remove: (epoch, id) => rm(fileOf(epoch, id), { force: true }),
    removeEpoch: (epoch) => rm(folder(epoch), { recursive: true, force: true }),
    epochs: async () => {
      const names = existsSync(directory) ? await readdir(directory) : [];
      return names
        .map(Number)
        .filter(Number.isInteger)
        .sort((a, b) => a - b);
    },
  };
}

const opening = promisify(open);
const writing = promisify(writeFile);
const syncing = promisify(fsync);

/** Writes a new file (mode 0600); its content is on the disk when this resolves. */
async function createDurably(path: string, pieces: AsyncIterable<Buffer>): Promise<void> {
  const file = await opening(path, "wx", 0o600);
  try {
    await writePieces(file, pieces);
    await syncing(file);
  } finally {
    // Nothing is left to be written: closing waits for no disk, and a thread of its own would cost more.
    closeSync(file);
  }
}

/** Writes many pieces at a time: a call of the operating system costs as much as sealing some 50 KB. */
async function writePieces(file: number, pieces: AsyncIterable<Buffer>): Promise<void> {
  const slab = takeSlab();
  let filled = 0;
  try {
    for await (const piece of pieces) {
      if (filled + piece.length > SLAB_BYTES) {
        await writing(file, slab.subarray(0, filled));
        filled = 0;
      }
      if (piece.length > SLAB_BYTES) await writing(file, piece);
      else filled += piece.copy(slab, filled);
    }
    await writing(file, slab.subarray(0, filled));
  } finally {
    giveSlab(slab);
  }
}

function codeOf(error: unknown): unknown {
  return (error as NodeJS.ErrnoException).code;
}

function missing(cause: unknown): Error {
  return new BotenstoffError("SEAL_BROKEN", "reading a blob: it is missing", { cause });
}
