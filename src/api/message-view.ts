import { BotenstoffError } from "#src/message/error-code.ts";
import { place } from "#src/store/sealed/message.ts";
import {
  getDeliveries,
  getMessage,
  type DeliveryDetail,
  type MessageDetail,
  type MessageSummary,
} from "#src/store/sql/messages.ts";
import { readAttachments, type AttachmentState } from "#src/store/sql/prepare.ts";
import { openAt } from "#src/store/sealed/place.ts";
import { showAttachment } from "./attachment-view.ts";
import type { ApiDeps } from "./deps.ts";
import type { ContentView, DeliveryView, MessageDetailView, MessageView } from "./message-schema.ts";

type ViewDeps = Pick<ApiDeps, "store" | "sealer" | "log">;

/** A summary as shown. @throws BotenstoffError SEAL_BROKEN, EPOCH_KEY_DESTROYED */
function showSummary({ sealer }: ViewDeps, row: MessageSummary): MessageView {
  const { id, epoch, externalId } = row;
  return {
    id,
    channel: row.channel,
    kind: row.kind,
    external_id:
      epoch === null || externalId === null
        ? null
        : sealer.open(place.externalId(epoch, id), externalId).toString("utf8"),
    state: row.state,
    reason: row.reason,
    received_at: row.receivedAt.toISOString(),
    filed_at: row.filedAt?.toISOString() ?? null,
  };
}

/**
 * A listed message as shown; what a purge took between the query and the opening is read again. A damaged one is
 * shown without its external id: the list must not fail for it.
 */
export async function showListed(deps: ViewDeps, row: MessageSummary): Promise<MessageView> {
  try {
    return showSummary(deps, row);
  } catch (error) {
    if (!isSealError(error)) throw error;
  }
  const rowNow = (await getMessage(deps.store, row.id)) ?? withoutSealed(row);
  try {
    return showSummary(deps, rowNow);
  } catch (error) {
    if (!isSealError(error)) throw error;
    if (error.code === "EPOCH_KEY_DESTROYED") return showSummary(deps, withoutSealed(rowNow));
    deps.log("error", "message.seal_broken", { message: row.id });
    return showSummary(deps, { ...rowNow, externalId: null });
  }
}

/**
 * A message with its history and deliveries as shown; undefined when there is none. A purge may destroy the epoch or
 * seal the message anew elsewhere between the reading and the opening, so what does not open is read once more.
 * @throws BotenstoffError SEAL_BROKEN
 */
export async function showMessage(
  deps: ViewDeps,
  id: string,
  withContent = false,
): Promise<MessageDetailView | undefined> {
  const read = async () => {
    const [row, deliveries] = await Promise.all([getMessage(deps.store, id), getDeliveries(deps.store, id)]);
    return [row, deliveries, row ? await readAttachments(deps.store, [row]) : []] as const;
  };
  const [row, ...parts] = await read();
  if (!row) return undefined;
  try {
    return showDetail(deps, row, parts, withContent);
  } catch (error) {
    if (!isSealError(error)) throw error;
  }
  const [rowNow = row, ...partsNow] = await read();
  try {
    return showDetail(deps, rowNow, partsNow, withContent);
  } catch (error) {
    if (!isSealError(error) || error.code === "SEAL_BROKEN") throw error;
    return showDetail(deps, { ...rowNow, ...withoutSealed(rowNow) }, [partsNow[0], []], withContent);
  }
}

function showDetail(
  deps: ViewDeps,
  row: MessageDetail,
  [deliveries, attachments]: readonly [readonly DeliveryDetail[], readonly AttachmentState[]],
  withContent: boolean,
): MessageDetailView {
  return {
    ...showSummary(deps, row),
    // The database writes its own offset and precision; the API always says UTC.
    history: row.history.map(({ state, at }) => ({ state, at: new Date(at).toISOString() })),
    last_error: row.lastError,
    attachments: attachments.map((attachment) => showAttachment(deps.sealer, attachment)),
    deliveries: deliveries.map((delivery) => showDelivery(deps, row, delivery, withContent)),
    ...(withContent && { content: showContent(deps, row) }),
  };
}

function showDelivery(
  { sealer }: ViewDeps,
  { id, epoch }: MessageDetail,
  delivery: DeliveryDetail,
  withContent: boolean,
): DeliveryView {
  const open = (column: "receipt" | "confirmation" | "said") => {
    const sealed = delivery[column];
    if (epoch === null || sealed === null) return null;
    return openAt(sealer, place.delivery(epoch, { ...delivery, messageId: id }, column), sealed);
  };
  return {
    destination: delivery.destination,
    purpose: delivery.purpose,
    filing: delivery.filing,
    state: delivery.state as DeliveryView["state"],
    attempts: delivery.attempts,
    last_error: delivery.lastError,
    receipt: open("receipt"),
    confirmation: open("confirmation"),
    ...(withContent && { said: open("said") as DeliveryView["said"] }),
  };
}

function showContent({ sealer }: ViewDeps, { id, epoch, sealed }: MessageDetail): ContentView | null {
  if (epoch === null || sealed === null) return null;
  const body = openAt(sealer, place.message(epoch, id, "sealed"), sealed);
  return {
    content: { ...body.content },
    sender: body.sender ? { ...body.sender } : null,
    recipient: body.recipient ? { ...body.recipient } : null,
    circumstances: body.circumstances ? { ...body.circumstances } : null,
    sent_at: body.sentAt,
    reply_to: body.replyTo ?? null,
    raw: body.raw ?? null,
  };
}

/** A row whose epoch's key is gone: purged, although its tombstone is not there yet. */
function withoutSealed(row: MessageSummary): MessageSummary {
  return { ...row, state: "purged", reason: null, epoch: null, externalId: null };
}

function isSealError(error: unknown): error is BotenstoffError {
  return error instanceof BotenstoffError && (error.code === "EPOCH_KEY_DESTROYED" || error.code === "SEAL_BROKEN");
}
