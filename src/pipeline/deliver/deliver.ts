import { BotenstoffError } from "#src/message/error-code.ts";
import type { Confirmation, Job, Receipt } from "#src/destinations/destination.ts";
import type { DeliveryOutcome, TakenDelivery } from "#src/store/sql/deliveries.ts";
import { describeError } from "#src/store/sql/outcome.ts";
import type { AttachmentState } from "#src/store/sql/prepare.ts";
import { render } from "./render.ts";
import type { PipelineDeps } from "../deps.ts";
import { setAside } from "../set-aside.ts";
import type { RunningChannel, RunningDestination } from "../running-channel.ts";
import { isWithdrawn, place } from "#src/store/sealed/message.ts";
import { openAt, sealAt } from "#src/store/sealed/place.ts";

/** One delivery taken from a lane, with the attachments of its message. */
export interface ToDeliver {
  readonly row: TakenDelivery;
  readonly attachments: readonly AttachmentState[];
}

/** What an attempt led to: how to write it, and the error that stopped it. */
export interface Attempt {
  readonly outcome: DeliveryOutcome;
  readonly error?: BotenstoffError;
  /** What kept an accepted delivery from being read back. */
  readonly unread?: BotenstoffError;
}

/** Reads an accepted delivery back at once; what is not there yet is asked for again after this. */
const CONFIRM_AGAIN_MS = 1_000;
const CONFIRM_AGAIN_CAP_MS = 10_000;

/** Maps, sends and reads back one message. Never throws: every error becomes an outcome. */
export async function deliver(
  deps: PipelineDeps,
  channel: RunningChannel,
  destination: RunningDestination,
  work: ToDeliver,
  signal: AbortSignal,
): Promise<Attempt> {
  const written: Partial<DeliveryOutcome> = { mappingVersion: destination.mapping.version };
  try {
    if (work.row.purpose !== "withdraw") refuseWithdrawn(deps, work.row);
    const job = await render(deps, destination, work);
    const receipt = await destination.destination.send(job, signal);
    if (work.row.purpose === "file") {
      deps.metrics.observeDelivery(channel.id, destination.id, (deps.clock() - work.row.receivedAt.getTime()) / 1_000);
    }
    const accepted = { ...written, ...sealReceipt(deps, work.row, receipt) };
    return await readBack(deps, channel, destination, work.row, { job, receipt }, accepted, signal);
  } catch (error) {
    return failure(deps, channel, work.row, error, written);
  }
}

/** Reads an accepted delivery back again. */
export async function confirmAgain(
  deps: PipelineDeps,
  channel: RunningChannel,
  destination: RunningDestination,
  work: ToDeliver,
  signal: AbortSignal,
): Promise<Attempt> {
  const { epoch, receipt: sealed } = work.row;
  try {
    if (!sealed) throw new BotenstoffError("SEAL_BROKEN", "confirming: the delivery has no receipt");
    const at = place.delivery(epoch, work.row, "receipt");
    const receipt = openAt(deps.sealer, at, sealed);
    return await readBack(
      deps,
      channel,
      destination,
      work.row,
      { job: await render(deps, destination, work), receipt },
      {},
      signal,
    );
  } catch (error) {
    return failure(deps, channel, work.row, error, {});
  }
}

/** Not to be taken up again: whoever worked on it died of it. It may have arrived. */
export function putAside(deps: PipelineDeps, channel: RunningChannel, row: TakenDelivery): Attempt {
  const error = setAside(deps, row.messageId, { channel: row.channel, stage: row.destination });
  const lastError = describeError(error.code, error.message);
  return { outcome: outcomeOf(channel, row, { state: "failed", lastError, inDoubt: row.inDoubt }), error };
}

/** @throws BotenstoffError PATIENT_WITHDRAWN when the patient was deleted since the message was routed (I3) */
function refuseWithdrawn(deps: PipelineDeps, row: TakenDelivery): void {
  if (row.latestAddress === 0) return;
  const frozen = openAt(deps.sealer, place.message(row.epoch, row.messageId, "routed"), row.routed);
  if (!isWithdrawn(frozen)) return;
  throw new BotenstoffError("PATIENT_WITHDRAWN", `delivering to ${row.destination}: the KIS deleted the patient`);
}

/**
 * The new patient must not get what the former one's chart may hold already (I2), and the former one is not known any
 * more: only a person can look.
 */
function beyondDoubt(row: TakenDelivery, error: BotenstoffError): BotenstoffError {
  const sent = row.inDoubt || row.purpose === "withdraw";
  const stuck = sent && row.latestAddress > row.address && error.code === "PATIENT_NOT_YET_KNOWN";
  if (!stuck) return error;
  const text = `delivering to ${row.destination}: the patient changed since it was sent`;
  return new BotenstoffError("PATIENT_CHANGED_IN_DOUBT", text, { cause: error });
}

async function readBack(
  deps: PipelineDeps,
  channel: RunningChannel,
  destination: RunningDestination,
  row: TakenDelivery,
  sent: { job: Job; receipt: Receipt },
  accepted: Partial<DeliveryOutcome>,
  signal: AbortSignal,
): Promise<Attempt> {
  const outcome = (change: Partial<DeliveryOutcome>) =>
    outcomeOf(channel, row, { state: "accepted", ...accepted, ...change });
  if (!destination.destination.confirm) return { outcome: outcome({}) };
  const result = await attemptConfirmation(() => destination.destination.confirm?.(sent.job, sent.receipt, signal));
  if (result.state === "confirmed") {
    const at = place.delivery(row.epoch, row, "confirmation");
    const evidence = { at: new Date(deps.clock()).toISOString(), evidence: result.evidence };
    return { outcome: outcome({ state: "confirmed", confirmation: sealAt(deps.sealer, at, evidence) }) };
  }
  if (result.state === "mismatch") {
    const error = new BotenstoffError("CONFIRMATION_MISMATCH", `confirming at ${destination.id}: ${result.detail}`);
    return { outcome: outcome({ state: "failed", lastError: describeError(error.code, error.message) }), error };
  }
  const age = deps.clock() - row.receivedAt.getTime();
  const patience = Math.min(Math.max(age / 4, CONFIRM_AGAIN_MS), CONFIRM_AGAIN_CAP_MS);
  return {
    outcome: outcome({
      confirmInMs: Math.max(patience, result.unread?.retryAfterMs ?? 0),
      lastError: describeError("CONFIRMATION_MISSING", `confirming at ${destination.id}: ${result.detail}`),
    }),
    ...(result.unread && { unread: result.unread }),
  };
}

/** A read that fails for whatever reason proves nothing: it is made again, the delivery stays accepted. */
async function attemptConfirmation(
  confirm: () => Promise<Confirmation> | undefined,
): Promise<Confirmation & { readonly unread?: BotenstoffError }> {
  try {
    return (await confirm()) ?? { state: "missing", detail: "the destination has no read path" };
  } catch (error) {
    if (error instanceof BotenstoffError) return { state: "missing", detail: error.message, unread: error };
    return { state: "missing", detail: "the read failed" };
  }
}

function sealReceipt(deps: PipelineDeps, row: TakenDelivery, receipt: Receipt): Partial<DeliveryOutcome> {
  const at = place.delivery(row.epoch, row, "receipt");
  return { sentSha256: receipt.sentSha256, receipt: sealAt(deps.sealer, at, receipt) };
}

function failure(
  deps: PipelineDeps,
  channel: RunningChannel,
  row: TakenDelivery,
  cause: unknown,
  written: Partial<DeliveryOutcome>,
): Attempt {
  const error =
    cause instanceof BotenstoffError
      ? beyondDoubt(row, cause)
      : new BotenstoffError("DESTINATION_NO_ANSWER", `delivering to ${row.destination}: unexpected error`, { cause });
  deps.metrics.count("delivery_attempt_failed", {
    channel: channel.id,
    destination: row.destination,
    code: error.code,
  });
  // An accepted delivery whose read-back could not even be tried stays accepted; it came due, so it will again.
  const wasAccepted = row.state === "accepted";
  const state = error.class === "permanent" ? "failed" : wasAccepted ? "accepted" : "retrying";
  const confirmInMs = state === "accepted" ? CONFIRM_AGAIN_CAP_MS : null;
  const lastError = describeError(error.code, error.message);
  const inDoubt = error.class === "ambiguous" && !wasAccepted;
  const said = sealSaid(deps, row, error.said);
  return { outcome: outcomeOf(channel, row, { ...written, ...said, state, lastError, confirmInMs, inDoubt }), error };
}

/** A page a proxy answers with may be long; what it is about stands at its beginning. */
const MOST_SAID = 4_000;

function sealSaid(deps: PipelineDeps, row: TakenDelivery, said: string | undefined): Partial<DeliveryOutcome> {
  if (said === undefined) return {};
  const at = new Date(deps.clock()).toISOString();
  const words = { at, text: said.slice(0, MOST_SAID).toWellFormed() };
  return { said: sealAt(deps.sealer, place.delivery(row.epoch, row, "said"), words) };
}

/** An outcome with nothing but its state, as a base for the rest. */
export function outcomeOf(
  channel: RunningChannel,
  row: TakenDelivery,
  change: Partial<DeliveryOutcome> & Pick<DeliveryOutcome, "state">,
): DeliveryOutcome {
  return {
    epoch: row.epoch,
    messageId: row.messageId,
    kind: row.kind,
    destination: row.destination,
    purpose: row.purpose,
    filing: row.filing,
    lastError: null,
    inDoubt: false,
    mappingVersion: null,
    sentSha256: null,
    receipt: null,
    confirmation: null,
    said: null,
    confirmInMs: null,
    ackOnly: channel.ackOnly,
    afterFiledMs: channel.retention.afterFiledMs,
    ...change,
  };
}
