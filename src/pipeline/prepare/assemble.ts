import { type Attachment, fileable } from "#src/message/attachment.ts";
import type { BotenstoffError } from "#src/message/error-code.ts";
import { kindOfError } from "#src/message/error-code.ts";
import type { Message } from "#src/message/message.ts";
import type { AttachmentWait, Waited } from "#src/store/sql/attachment-waits.ts";
import type { JudgedAttachment } from "#src/store/sql/attachments.ts";
import { whileOurs } from "#src/attachments/while-ours.ts";
import type { PipelineDeps } from "../deps.ts";
import type { Leased } from "#src/lanes/lease.ts";
import type { RunningChannel } from "../running-channel.ts";
import { errorOf, judgedRow, obtain } from "./obtain.ts";

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
