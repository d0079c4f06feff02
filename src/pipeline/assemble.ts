import { createHash } from "node:crypto";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileTypeFromBuffer } from "file-type";
import type { StoredContent } from "#src/message/attachment.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Attachment } from "#src/message/attachment.ts";
import type { Message } from "#src/message/message.ts";
import type { FetchedAttachment, Source } from "#src/sources/source.ts";
import { writeAttachment } from "#src/store/sql/prepare.ts";
import type { PipelineDeps } from "./deps.ts";
import { place, type SealedAttachmentBody } from "./sealed-message.ts";

export type Assembled =
  | { readonly message: Message }
  /** An attachment is gone or not what it claims to be: a person must look. */
  | { readonly quarantined: BotenstoffError };

/** `file-type` decides on the first 4,100 bytes. */
const SNIFF_BYTES = 4_100;

/**
 * Fetches what a message's attachments still lack, now: Meta's URLs die in minutes. Bytes are hashed, sniffed and
 * sealed while they stream. Throws the transient errors of `Source.fetch`; the rest quarantines the message.
 */
export async function assemble(
  deps: PipelineDeps,
  source: Source,
  epoch: number,
  message: Message,
  signal: AbortSignal,
): Promise<Assembled> {
  const attachments: Attachment[] = [];
  for (const attachment of message.attachments) {
    if (attachment.verdict === "clean") {
      attachments.push(attachment);
      continue;
    }
    try {
      const stored = await fetchAndSeal(deps, source, epoch, attachment, signal);
      const complete: Attachment = { ...attachment, verdict: "clean", stored };
      await write(deps, epoch, message.id, complete);
      attachments.push(complete);
    } catch (error) {
      if (!(error instanceof BotenstoffError) || error.class !== "permanent") throw error;
      const verdict = error.code === "MEDIA_GONE" ? "gone" : "quarantined";
      await write(deps, epoch, message.id, { ...attachment, verdict });
      return { quarantined: error };
    }
  }
  return { message: { ...message, attachments } };
}

async function fetchAndSeal(
  deps: PipelineDeps,
  source: Source,
  epoch: number,
  attachment: Attachment,
  signal: AbortSignal,
): Promise<StoredContent> {
  if (!source.fetch) throw new BotenstoffError("MEDIA_GONE", "assembling: this source has no attachments to fetch");
  const fetched = await source.fetch(attachment.reference, signal);
  const meter = createMeter();
  const [, written] = await Promise.all([
    pipeline(fetched.body, meter.through, { signal }),
    deps.blobs.write(epoch, attachment.id, meter.through),
  ]);
  const content = await meter.content(written.bytes, declaredType(attachment, fetched));
  const announced = [attachment.reference.announcedSha256, fetched.announcedSha256].filter(
    (hash) => hash !== undefined,
  );
  if (announced.some((hash) => hash !== content.sha256)) {
    await deps.blobs.remove(epoch, attachment.id);
    throw new BotenstoffError("MEDIA_HASH_MISMATCH", "assembling: the bytes do not have the announced SHA-256");
  }
  return content;
}

function declaredType(attachment: Attachment, fetched: FetchedAttachment): string {
  return attachment.reference.declaredType ?? fetched.declaredType ?? "application/octet-stream";
}

/** Hashes and keeps the head of what passes through. */
function createMeter() {
  const sha256 = createHash("sha256");
  const sha1 = createHash("sha1");
  let head = Buffer.alloc(0);
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sha256.update(chunk);
      sha1.update(chunk);
      if (head.length < SNIFF_BYTES) head = Buffer.concat([head, chunk.subarray(0, SNIFF_BYTES - head.length)]);
      done(null, chunk);
    },
  });
  return {
    through,
    content: async (bytes: number, declared: string): Promise<StoredContent> => ({
      sha256: sha256.digest("hex"),
      sha1: sha1.digest("hex"),
      bytes,
      type: await sniff(head, declared),
    }),
  };
}

/** The type the bytes have, by their magic number; a clear contradiction to the declared kind is refused. */
async function sniff(head: Buffer, declared: string): Promise<string> {
  const found = await fileTypeFromBuffer(head);
  const kind = (type: string) => type.split("/")[0] ?? "";
  const declaredType = (declared.split(";")[0] ?? "").trim().toLowerCase();
  if (found ? kind(found.mime) !== kind(declaredType) : looksLikeMarkup(head)) {
    throw new BotenstoffError("MEDIA_TYPE_LIES", "assembling: the bytes are not of the announced kind");
  }
  return found?.mime ?? declaredType;
}

/** SVG and HTML have no magic number but can carry scripts. */
function looksLikeMarkup(head: Buffer): boolean {
  return /^\uFEFF?\s*</.test(head.toString("utf8"));
}

async function write(deps: PipelineDeps, epoch: number, messageId: string, attachment: Attachment): Promise<void> {
  const body: SealedAttachmentBody = {
    reference: attachment.reference,
    ...(attachment.stored && { stored: attachment.stored }),
  };
  await writeAttachment(deps.store, {
    epoch,
    id: attachment.id,
    messageId,
    ordinal: attachment.ordinal,
    verdict: attachment.verdict,
    bytes: attachment.stored?.bytes ?? null,
    sealed: deps.sealer.sealJson(place.attachment(epoch, attachment.id), body),
  });
}
