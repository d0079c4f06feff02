import { randomUUID } from "node:crypto";
import { createWriteStream, existsSync } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, pipeline as pipe, Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { BotenstoffError } from "#src/message/error-code.ts";
import { makeDirectoryDurably, syncDirectory } from "./durable-file.ts";
import { openFrames, readSealed, sealFrames } from "./frames.ts";
import type { Keyring } from "./keyring.ts";

/** Sealed attachments: one file per blob, one folder per epoch. */
export interface BlobStore {
  /** Streams plain bytes in; durable and whole when it resolves, nothing remains when it rejects. */
  write(epoch: number, id: string, source: Readable | AsyncIterable<Buffer>): Promise<{ bytes: number }>;
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

  const write: BlobStore["write"] = async (epoch, id, source) => {
    const file = fileOf(epoch, id);
    makeDirectoryDurably(folder(epoch));
    const temporary = join(folder(epoch), `.${randomUUID()}.tmp`);
    let bytes = 0;
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        done(null, chunk);
      },
    });
    try {
      const seal = sealFrames(keyring.epochKey(epoch), id);
      await pipeline(source, count, seal, createWriteStream(temporary, { mode: 0o600, flush: true }));
      await rename(temporary, file);
      syncDirectory(folder(epoch));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    return { bytes };
  };

  const read: BlobStore["read"] = (epoch, id) => {
    const out = new PassThrough();
    try {
      // The key first: a file stream opened for an epoch that is gone would fail with nobody listening to it.
      const open = openFrames(keyring.openEpochKey(epoch), id);
      const file = Readable.from(readSealed(fileOf(epoch, id)), { objectMode: false });
      file.once("error", (cause) => out.destroy(missing(cause)));
      // `pipeline` destroys `out` with the first error, which is where the reader sees it.
      pipe(file, open, out, () => undefined);
    } catch (error) {
      out.destroy(error as Error);
    }
    return out;
  };

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

function missing(cause: NodeJS.ErrnoException): Error {
  return cause.code === "ENOENT"
    ? new BotenstoffError("SEAL_BROKEN", "reading a blob: it is missing", { cause })
    : cause;
}
