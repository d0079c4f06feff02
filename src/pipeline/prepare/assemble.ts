import { type Attachment, fileable } from "#src/message/attachment.ts";
import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";
import type { Message } from "#src/message/message.ts";
import type { AttachmentWait, Waited } from "#src/store/sql/attachment-waits.ts";
import type { JudgedAttachment } from "#src/store/sql/attachments.ts";
import { describeError } from "#src/store/sql/outcome.ts";
import { admit, contentOf } from "#src/attachments/admit.ts";
import type { Moved } from "#src/attachments/large-gate.ts";
import { receive, type Received } from "#src/attachments/receive.ts";
import { whileOurs } from "#src/attachments/while-ours.ts";
import type { PipelineDeps } from "../deps.ts";
import type { Leased } from "#src/lanes/lease.ts";
import type { RunningChannel } from "../running-channel.ts";
import { place, type SealedAttachmentBody } from "#src/store/sealed/message.ts";

export type Assembled =
  | { readonly message: Message }
  /** An attachment is gone, refused, or not what it claims to be: a person must look. */
  | { readonly quarantined: BotenstoffError };

/** A message is not kept from trying by a patience that is over before it began. */
const LEAST_TRY_MS = 5_000;
const MOST_TRY_MS = 600_000;
/** From its fifth try on a lane waits at least this long: a patience ends by that, too, for a clock may be set back. */
const LEAST_WAIT_MS = 4_000;
const QUICK_TRIES = 5;

/** A wrong hash may come from a cache on the way, so the bytes are asked for once more. */
const FETCHES = 2;

/** What became of one attachment; `refused` says why it may not be filed. */
type Outcome = { readonly attachment: Attachment; readonly refused?: BotenstoffError };

/** What was found out about a message's attachments, to be booked with the turn whatever becomes of the message. */
export interface Findings {
  readonly judged: JudgedAttachment[];
  readonly waits: AttachmentWait[];
}

/** How long the attachments of a message have been waited for. */
export interface Patience {
  readonly waited: readonly Waited[];
  /** When this turn began, by `performance.now()`. */
  readonly began: number;
}

/**
 * Fetches what a message's attachments still lack, now: Meta's URLs die in minutes. What a check refuses is kept
 * sealed and quarantines the message. What cannot be fetched keeps the message incomplete, by throwing, as long as the
 * channel's patience lasts; then it is late, and the message goes on without it.
 * @param findings get what is to be booked, also of a message that is not complete: it is not fetched again
 */
export async function assemble(
  deps: PipelineDeps,
  channel: RunningChannel,
  epoch: number,
  message: Message,
  findings: Findings,
  patience: Patience,
  leased: Leased,
): Promise<Assembled> {
  if (message.attachments.length === 0) return { message };
  const ours = { ...deps, blobs: whileOurs(deps.blobs, leased) };
  const attachments: Attachment[] = [];
  for (const attachment of message.attachments) {
    if (fileable(attachment) || isGivenUp(attachment)) {
      attachments.push(attachment);
      if (attachment.verdict === "late") findings.waits.push(waitFor(channel, message, attachment, "late", null));
      continue;
    }
    try {
      const signal = AbortSignal.any([leased.signal, AbortSignal.timeout(timeToTry(channel, patience))]);
      const outcome = await deps.largeGate.pass((moved) => obtain(ours, channel, epoch, attachment, moved, signal));
      findings.judged.push(judgedRow(deps, channel, epoch, message.id, outcome.attachment));
      if (outcome.refused) return { quarantined: outcome.refused };
      attachments.push(outcome.attachment);
    } catch (error) {
      if (leased.signal.aborted || !leased.valid()) throw error;
      const isOver = left(channel, patience) <= 0;
      findings.waits.push(waitFor(channel, message, attachment, isOver ? "late" : "waiting", error));
      if (!isOver) throw error;
      const late: Attachment = { ...attachment, verdict: "late" };
      findings.judged.push(judgedRow(deps, channel, epoch, message.id, late));
      attachments.push(late);
      deps.metrics.count("attachments_late", { channel: channel.id });
      deps.log("warn", "attachment.late", { message: message.id, channel: channel.id, error: kindOfError(error) });
    }
  }
  return { message: { ...message, attachments } };
}

/** Whether the message goes on without it; what is late comes by itself (pipeline/follow). */
function isGivenUp({ verdict }: Attachment): boolean {
  return verdict === "late" || verdict === "missing" || verdict === "left_out";
}

/** How many milliseconds are left of the channel's patience with a message. */
function left({ attachments: { patienceMs } }: RunningChannel, { waited, began }: Patience): number {
  const byClock = Math.max(0, ...waited.map(({ waitedMs }) => waitedMs)) + performance.now() - began;
  const byTries = Math.max(0, ...waited.map(({ attempts }) => (attempts - QUICK_TRIES) * LEAST_WAIT_MS));
  return patienceMs - Math.max(byClock, byTries);
}

function timeToTry(channel: RunningChannel, patience: Patience): number {
  return Math.round(Math.min(Math.max(left(channel, patience), LEAST_TRY_MS), MOST_TRY_MS));
}

function waitFor(
  channel: RunningChannel,
  message: Message,
  { id }: Attachment,
  state: AttachmentWait["state"],
  error: unknown,
): AttachmentWait {
  const lastError = error === null ? null : errorOf(error);
  return { attachmentId: id, messageId: message.id, channel: channel.id, state, lastError };
}

/** Errors that are not ours are kept by their kind only, for their text may be personal. */
function errorOf(error: unknown): string {
  return error instanceof BotenstoffError
    ? describeError(error.code, error.message)
    : describeError("MEDIA_UNAVAILABLE", `fetching an attachment: ${kindOfError(error)}`);
}

async function obtain(
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
      { allowed: channel.attachments.allow, moved },
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

function judgedRow(
  { sealer }: PipelineDeps,
  channel: RunningChannel,
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
    sealed: sealer.sealJson(place.attachment(epoch, id), body),
    deletion: stored && channel.source.forget ? sealer.sealJson(place.deletion(id), { mediaId }) : null,
  };
}
