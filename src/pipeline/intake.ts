import { randomUUID } from "node:crypto";
import { counterpart, type MessageDraft } from "#src/message/message.ts";
import { attachmentId, messageId } from "#src/message/id.ts";
import { contactKey } from "#src/identity/phone.ts";
import type { Accepted, InboundEvent } from "#src/sources/source.ts";
import { storeIntake, type AttachmentRow, type EventRow, type IntakeRow } from "#src/store/sql/intake.ts";
import type { PipelineDeps } from "./deps.ts";
import { GroupCommit } from "./group-commit.ts";
import { place, type SealedAttachmentBody, type SealedBody } from "./sealed-message.ts";
import type { Watch } from "./watch.ts";

interface Arrival {
  readonly event: EventRow;
  readonly messages: readonly IntakeRow[];
  readonly attachments: readonly AttachmentRow[];
}

/** Stores an event of a channel; resolves once it is durable, rejects when nothing was stored. */
export type Intake = (channel: string, event: InboundEvent, drafts: readonly MessageDraft[]) => Promise<Accepted>;

/**
 * The first step: seals an event and the messages cut from it and writes them, many events in one commit. What the
 * seen-list knows changes nothing, even long after its purge.
 */
export function createIntake(deps: PipelineDeps, watch: Watch, wake: (channel: string) => void): Intake {
  const commits = new GroupCommit<Arrival, Set<string>>((arrivals) => commit(deps, arrivals));
  return async (channel, event, drafts) => {
    const epoch = await deps.epochs.current(deps.clock());
    await deps.epochs.ensure(epoch);
    const arrival = sealArrival(deps, epoch, channel, event, drafts);
    const fresh = await commits.add(arrival);
    if (fresh.size > 0) wake(channel);
    return {
      messages: arrival.messages.map(({ id }) => ({ id, duplicate: !fresh.has(id) })),
      settled: (id, timeoutMs) => watch.settled(id, timeoutMs),
    };
  };
}

async function commit(deps: PipelineDeps, arrivals: readonly Arrival[]): Promise<Set<string>[]> {
  // The first arrival of a message wins; later ones in the same batch are duplicates like any other.
  const firstBySeen = new Map<string, IntakeRow>();
  const winners = new Set<IntakeRow>();
  for (const row of arrivals.flatMap((arrival) => arrival.messages)) {
    const seen = row.seenHash.toString("hex");
    if (firstBySeen.has(seen)) continue;
    firstBySeen.set(seen, row);
    winners.add(row);
  }
  const fresh = await storeIntake(deps.store, {
    events: arrivals.map((arrival) => arrival.event),
    messages: [...winners],
    attachments: uniqueAttachments(arrivals, winners),
  });
  return arrivals.map(
    (arrival) => new Set(arrival.messages.filter((row) => winners.has(row) && fresh.has(row.id)).map((row) => row.id)),
  );
}

function uniqueAttachments(arrivals: readonly Arrival[], winners: ReadonlySet<IntakeRow>): AttachmentRow[] {
  return arrivals.flatMap((arrival) => {
    const ids = new Set(arrival.messages.filter((row) => winners.has(row)).map((row) => row.id));
    const taken = new Set<string>();
    return arrival.attachments.filter((row) => {
      if (!ids.has(row.messageId) || taken.has(row.id)) return false;
      taken.add(row.id);
      return true;
    });
  });
}

function sealArrival(
  deps: PipelineDeps,
  epoch: number,
  channel: string,
  event: InboundEvent,
  drafts: readonly MessageDraft[],
): Arrival {
  const eventId = randomUUID();
  const sealed = drafts.map((draft) =>
    sealDraft(deps, { epoch, channel, eventId, receivedAt: event.receivedAt }, draft),
  );
  return {
    event: {
      epoch,
      id: eventId,
      channel,
      receivedAt: event.receivedAt,
      raw: deps.sealer.seal(place.event(epoch, eventId), event.raw),
    },
    messages: sealed.map(({ row }) => row),
    attachments: sealed.flatMap(({ attachments }) => attachments),
  };
}

function sealDraft(
  { sealer, blindIndex }: PipelineDeps,
  origin: { epoch: number; channel: string; eventId: string; receivedAt: string },
  draft: MessageDraft,
): { row: IntakeRow; attachments: AttachmentRow[] } {
  const { epoch, channel, receivedAt } = origin;
  const { externalId, part = "", attachments = [], hold, ...rest } = draft;
  const id = messageId(channel, externalId, part);
  const state = hold ? "held" : "received";
  const contact = counterpart(draft);
  const body: SealedBody = { ...rest, ...(hold && { hold }) };
  const row: IntakeRow = {
    ...origin,
    id,
    kind: draft.content.kind,
    laneKey: blindIndex.of("conversation", channel, draft.conversation),
    seenHash: blindIndex.seen(channel, externalId, part),
    externalBi: blindIndex.of("external-id", channel, externalId),
    contactBi: contact ? contactKey(blindIndex, contact) : null,
    state,
    reason: hold ?? null,
    history: JSON.stringify([
      { state: "received", at: receivedAt },
      ...(hold ? [{ state: "held", at: receivedAt }] : []),
    ]),
    sealed: sealer.sealJson(place.message(epoch, id, "sealed"), body),
    externalId: sealer.seal(place.message(epoch, id, "external_id"), Buffer.from(externalId, "utf8")),
  };
  return {
    row,
    attachments: attachments.map((reference, ordinal) => {
      const attachment = attachmentId(id, ordinal);
      const sealedBody: SealedAttachmentBody = { reference };
      return {
        epoch,
        id: attachment,
        messageId: id,
        ordinal,
        sealed: sealer.sealJson(place.attachment(epoch, attachment), sealedBody),
      };
    }),
  };
}
