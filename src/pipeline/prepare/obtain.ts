import type { Attachment } from "#src/message/attachment.ts";
import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";
import type { JudgedAttachment } from "#src/store/sql/attachments.ts";
import { describeError } from "#src/store/sql/outcome.ts";
import { admit, contentOf } from "#src/attachments/admit.ts";
import type { Moved } from "#src/attachments/large-gate.ts";
import { receive, type Received } from "#src/attachments/receive.ts";
import type { PipelineDeps } from "../deps.ts";
import type { RunningChannel } from "../running-channel.ts";
import { place, type SealedAttachmentBody } from "#src/store/sealed/message.ts";
import { sealAt } from "#src/store/sealed/place.ts";

/** A wrong hash may come from a cache on the way, so the bytes are asked for once more. */
const FETCHES = 2;

/** What became of one attachment; `refused` says why it may not be filed. */
export type Outcome = { readonly attachment: Attachment; readonly refused?: BotenstoffError };

/**
 * Fetches one attachment and judges it; what a check refuses is kept sealed.
 * @throws what may pass: nothing is known of the attachment then
 */
export async function obtain(
  deps: PipelineDeps,
  channel: RunningChannel,
  epoch: number,
  attachment: Attachment,
  moved: Moved,
  signal: AbortSignal,
): Promise<Outcome> {
  let received: Received | undefined;
  try {
    const fetched = await fetch(deps, channel, epoch, attachment, moved, signal);
    received = fetched.received;
    if (!fetched.asAnnounced) {
      throw new BotenstoffError("MEDIA_HASH_MISMATCH", "assembling: the bytes do not have the announced SHA-256");
    }
    const stored = await admit(
      deps,
      epoch,
      attachment,
      received,
      { allowed: channel.attachments.allow, pdf: channel.attachments.pdf, moved },
      signal,
    );
    return { attachment: { ...attachment, verdict: "clean", stored } };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const refused = error;
    deps.metrics.count("attachments_refused", { channel: channel.id, code: refused.code });
    if (refused.code === "MEDIA_GONE") return { attachment: { ...attachment, verdict: "gone" }, refused };
    // Refused bytes stay as they came, under the attachment's own id, so that a person may release them.
    const stored = received && contentOf(received, received.type ?? "application/octet-stream");
    return { attachment: { ...attachment, verdict: "quarantined", ...(stored && { stored }) }, refused };
  } finally {
    received?.forget();
  }
}

/** Only what is known of the attachment itself quarantines; a broken seal or a full disk is another matter. */
function isRefusal(error: unknown): error is BotenstoffError {
  return error instanceof BotenstoffError && error.class === "permanent" && error.code.startsWith("MEDIA_");
}

/**
 * Fetches the bytes into a sealed blob and compares them with every hash that was announced. Below the disk's watermark the
 * message waits: the room that is left is PostgreSQL's, and the provider keeps the bytes for days.
 */
async function fetch(
  deps: PipelineDeps,
  { source }: RunningChannel,
  epoch: number,
  attachment: Attachment,
  moved: Moved,
  signal: AbortSignal,
): Promise<{ received: Received; asAnnounced: boolean }> {
  if (!(await deps.mayStore())) throw new BotenstoffError("STORE_FULL", "fetching an attachment: the disk is too full");
  if (!source.fetch) throw new BotenstoffError("MEDIA_GONE", "assembling: this source has no attachments to fetch");
  for (let attempt = 1; ; attempt += 1) {
    const fetched = await source.fetch(attachment.reference, signal);
    const received = await receive(deps.blobs, epoch, attachment, fetched, moved);
    const announced = [attachment.reference.announcedSha256, fetched.announcedSha256];
    const asAnnounced = announced.every((hash) => hash === undefined || hash === received.sha256);
    if (asAnnounced || attempt === FETCHES) return { received, asAnnounced };
    received.forget();
  }
}

/** What is to be booked of an attachment. */
export function judgedRow(
  { sealer }: PipelineDeps,
  channel: Pick<RunningChannel, "id"> & Partial<Pick<RunningChannel, "source">>,
  epoch: number,
  messageId: string,
  { id, verdict, reference, stored }: Attachment,
): JudgedAttachment {
  const body: SealedAttachmentBody = { reference, ...(stored && { stored }) };
  const { mediaId } = reference;
  return {
    epoch,
    id,
    messageId,
    channel: channel.id,
    verdict,
    bytes: stored?.bytes ?? null,
    sealed: sealAt(sealer, place.attachment(epoch, id), body),
    deletion: stored && channel.source?.forget ? sealAt(sealer, place.deletion(id), { mediaId }) : null,
  };
}

/** Errors that are not ours are kept by their kind only, for their text may be personal. */
export function errorOf(error: unknown): string {
  return error instanceof BotenstoffError
    ? describeError(error.code, error.message)
    : describeError("MEDIA_UNAVAILABLE", `fetching an attachment: ${kindOfError(error)}`);
}
