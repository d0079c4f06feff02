import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { base64Of } from "#src/message/base64.ts";
import type { FhirTransaction } from "./transaction.ts";

/** What is sent, and the SHA-256 (hex) of what was read of it, once it has all been read. */
export interface WrittenTransaction {
  readonly body: Readable | Buffer;
  readonly digest: () => string;
}

/**
 * The transaction as JSON, with base64 from the blobs in its Binary entries, a chunk at a time: an image never exists as
 * one string. Without blobs it is a few kilobytes and goes out as a whole, with its length. The bytes are the same every
 * time.
 */
export function writeTransaction(
  transaction: FhirTransaction,
  openBlob: (attachmentId: string) => Readable,
): WrittenTransaction {
  return transaction.blobs.length === 0 ? inOnePiece(transaction) : streamed(transaction, openBlob);
}

function inOnePiece({ bundle: { entry = [], ...head } }: FhirTransaction): WrittenTransaction {
  const body = Buffer.from(JSON.stringify({ ...head, entry }));
  return { body, digest: () => createHash("sha256").update(body).digest("hex") };
}

function streamed(
  { bundle, blobs }: FhirTransaction,
  openBlob: (attachmentId: string) => Readable,
): WrittenTransaction {
  const hash = createHash("sha256");
  const attachments = new Map(blobs.map(({ entry, attachmentId }) => [entry, attachmentId]));
  async function* chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of pieces()) {
      hash.update(chunk);
      yield chunk;
    }
  }
  async function* pieces(): AsyncGenerator<Buffer> {
    const { entry: entries = [], ...head } = bundle;
    yield Buffer.from(`${JSON.stringify(head).slice(0, -1)},"entry":[`);
    for (const [index, entry] of entries.entries()) {
      if (index > 0) yield COMMA;
      const attachment = attachments.get(index);
      if (attachment === undefined) yield Buffer.from(JSON.stringify(entry));
      else yield* withData(entry, openBlob(attachment));
    }
    yield Buffer.from("]}");
  }
  return { body: Readable.from(chunks()), digest: () => hash.digest("hex") };
}

const COMMA = Buffer.from(",");

/** An entry whose resource ends in `"data":"<base64>"`. */
async function* withData(
  { resource, ...rest }: object & { resource?: unknown },
  blob: Readable,
): AsyncGenerator<Buffer> {
  yield Buffer.from(`{"resource":${JSON.stringify(resource).slice(0, -1)},"data":"`);
  yield* base64Of(blob);
  yield Buffer.from(`"},${JSON.stringify(rest).slice(1)}`);
}
