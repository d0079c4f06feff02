import { kindOfError } from "#src/message/error-code.ts";
import { backoff } from "#src/lanes/backoff.ts";
import { Permits } from "#src/lanes/permits.ts";
import { openAttachment } from "#src/store/sealed/message.ts";
import { tellCharts } from "#src/store/sql/attachment-waits.ts";
import type { AttachmentState } from "#src/store/sql/prepare.ts";
import { bookLate, dropWaits, postponeLate, takeLate, type LateAttachment } from "#src/store/sql/late-attachments.ts";
import type { PipelineDeps } from "../deps.ts";
import { errorOf, judgedRow, obtain } from "../prepare/obtain.ts";
import { whileOurs } from "#src/attachments/while-ours.ts";

const PER_ROUND = 50;
const AT_ONCE = 4;
/** A slow line may take this long for the largest attachment. */
const ONE_MS = 300_000;
const LEASE_MS = 2 * ONE_MS;
const RETRY_BASE_MS = 5_000;
export const LATE_CAP_MS = 900_000;
/** Meta's ids of media expire after seven days. */
const EXPIRE_MS = 7 * 86_400_000;
/** Who was taken up so often and never booked has killed or frozen whoever did it. */
const MOST_TAKEN = 2;

/** Asks again for what was late: few at a time, with a growing pause, until it comes or its id expires. @returns how many */
export async function fetchLate(deps: PipelineDeps, stopping: AbortSignal): Promise<number> {
  const late = await takeLate(deps.store, { limit: PER_ROUND, leaseMs: LEASE_MS, expireMs: EXPIRE_MS });
  const permits = new Permits(AT_ONCE);
  await Promise.all(
    late.map((one) =>
      permits.run(async () => {
        if (stopping.aborted) await postponeLate(deps.store, one.attachmentId, 0, null);
        else await fetchOne(deps, one, stopping);
      }),
    ),
  );
  return late.length;
}

async function fetchOne(deps: PipelineDeps, late: LateAttachment, stopping: AbortSignal): Promise<void> {
  const { attachmentId, messageId: message, state } = late;
  if (!state) return dropWaits(deps.store, [attachmentId]);
  // It came by another way, or a person decided.
  if (state.verdict !== "late") {
    await deps.store.transaction((db) => tellCharts(db, [attachmentId]));
    return;
  }
  const channel = deps.channels(late.channel);
  const end = (outcome: "missing" | "refused" | "arrived", error?: string) => {
    deps.metrics.count("late_attachments", { channel: late.channel, outcome });
    const fields = { message, channel: late.channel, ...(error !== undefined && { error }) };
    deps.log(outcome === "arrived" ? "info" : "warn", `attachment.${outcome}`, fields);
  };
  const attachment = openAttachment(deps.sealer, state);
  const book = (became: typeof attachment, as: "told" | "refused") =>
    bookLate(deps.store, judgedRow(deps, { id: late.channel, ...channel }, state.epoch, message, became), as);
  if (late.expired) {
    if (await book({ ...attachment, verdict: "missing" }, "told")) end("missing", "MEDIA_GONE");
    return;
  }
  if (late.taken > MOST_TAKEN) {
    if (await book({ ...attachment, verdict: "quarantined" }, "refused")) end("refused", "WORK_STOPS_ENGINE");
    return;
  }
  const wait = () => backoff(late.attempts, RETRY_BASE_MS, LATE_CAP_MS);
  if (!channel) return postponeLate(deps.store, attachmentId, wait(), null);
  try {
    const outcome = await fetchNow(deps, channel, state, attachment, stopping);
    const { verdict } = outcome.attachment;
    const became = verdict === "gone" ? { ...attachment, verdict: "missing" as const } : outcome.attachment;
    const refused = became.verdict === "quarantined";
    if (!(await book(became, refused ? "refused" : "told"))) return;
    end(refused ? "refused" : verdict === "gone" ? "missing" : "arrived", outcome.refused?.code);
  } catch (error) {
    const notTried = stopping.aborted;
    await postponeLate(deps.store, attachmentId, notTried ? 0 : wait(), notTried ? null : errorOf(error));
    if (!notTried) deps.log("warn", "attachment.retry", { message, channel: late.channel, error: kindOfError(error) });
  }
}

function fetchNow(
  deps: PipelineDeps,
  channel: NonNullable<ReturnType<PipelineDeps["channels"]>>,
  { epoch }: AttachmentState,
  attachment: ReturnType<typeof openAttachment>,
  stopping: AbortSignal,
) {
  const until = performance.now() + LEASE_MS - ONE_MS / 2;
  const ours = {
    ...deps,
    blobs: whileOurs(deps.blobs, { valid: () => performance.now() < until && !stopping.aborted }),
  };
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(ONE_MS)]);
  return deps.largeGate.pass((moved) => obtain(ours, channel, epoch, attachment, moved, signal));
}
