import type { Readable } from "node:stream";
import type { Subject } from "#src/message/directory.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { filedId } from "#src/message/id.ts";
import type { Fit, MappingContext } from "#src/message/mapping.ts";
import type { Message } from "#src/message/message.ts";
import type { DeliveryPurpose } from "#src/message/state.ts";
import type { Job } from "#src/destinations/destination.ts";
import { addressAt, openMessage, place, without, type FrozenContext } from "#src/store/sealed/message.ts";
import { openAt } from "#src/store/sealed/place.ts";
import { openAbout } from "./about.ts";
import { openDay } from "./day.ts";
import type { TakenDelivery } from "#src/store/sql/deliveries.ts";
import type { AttachmentState } from "#src/store/sql/prepare.ts";
import type { PipelineDeps } from "../deps.ts";
import type { RunningDestination } from "../running-channel.ts";

/** The job of a delivery: the mapping's output over the message and the context frozen at routing. */
export async function render(
  deps: PipelineDeps,
  destination: RunningDestination,
  { row, attachments }: { readonly row: TakenDelivery; readonly attachments: readonly AttachmentState[] },
): Promise<Job> {
  const at = { epoch: row.epoch, id: row.messageId };
  const opened = openMessage(deps.sealer, { ...row, ...at }, attachments).message;
  const frozen = openAt(deps.sealer, place.message(at.epoch, at.id, "routed"), row.routed);
  const whole = row.purpose === "file" ? without(opened, frozen.absent) : opened;
  const [message, stored] = filedAs(whole, row.filing);
  const daily = destination.mapping.day?.(message.sentAt, frozen.params[destination.id]) !== undefined;
  const day = daily ? await openDay(deps, frozen, row) : undefined;
  const about = await openAbout(deps, frozen, row);
  const mapped = (fit?: Fit) =>
    map(destination, row.purpose, message, frozen, {
      subject: addressAt(frozen, row.address).subject,
      ...(day && { day: day.day }),
      ...(about && { about }),
      ...(row.withdrawnAt && { withdrawnAt: row.withdrawnAt.toISOString() }),
      ...(fit && { fit }),
    });
  return {
    messageId: row.messageId,
    output: mapped(),
    fitted: mapped,
    lane: row.laneKey.toString("hex"),
    repeated: row.inDoubt,
    openBlob: (id): Readable => deps.blobs.read(day?.epochs.get(id) ?? row.epoch, stored.get(id) ?? id),
  };
}

/**
 * The message under the ids it is filed with: one that is filed anew after a withdrawal must not clash with what was
 * revoked. @returns its attachments' own ids too, by those they are filed with
 */
function filedAs(message: Message, filing: number): [Message, ReadonlyMap<string, string>] {
  if (filing === 1) return [message, new Map()];
  const stored = new Map(message.attachments.map(({ id }) => [filedId(id, filing), id]));
  const attachments = message.attachments.map((one) => ({ ...one, id: filedId(one.id, filing) }));
  return [{ ...message, id: filedId(message.id, filing), attachments }, stored];
}

function map(
  destination: RunningDestination,
  purpose: DeliveryPurpose,
  message: Message,
  frozen: FrozenContext,
  {
    subject,
    ...opened
  }: { readonly subject: Subject | undefined } & Pick<MappingContext<unknown>, "day" | "about" | "withdrawnAt" | "fit">,
): unknown {
  const withdraw = purpose === "withdraw";
  if (withdraw && !destination.mapping.withdraws) {
    // It would render the document once more.
    throw new BotenstoffError("MAPPING_FAILED", `mapping ${destination.mapping.name}: it renders no withdrawal`);
  }
  try {
    return destination.mapping.map(message, {
      params: frozen.params[destination.id],
      routedAt: frozen.routedAt,
      ...(purpose === "addendum" && { addendum: true }),
      ...(frozen.language && { language: frozen.language }),
      ...(frozen.sourceName !== undefined && { sourceName: frozen.sourceName }),
      ...(subject && { subject }),
      ...(withdraw && { withdraw }),
      ...opened,
    });
  } catch (error) {
    if (error instanceof BotenstoffError) throw error;
    // A mapping's own exception may quote the message: only its kind is kept.
    const name = Error.isError(error) ? error.name : "an error";
    throw new BotenstoffError("MAPPING_FAILED", `mapping ${destination.mapping.name}: ${name}`);
  }
}
