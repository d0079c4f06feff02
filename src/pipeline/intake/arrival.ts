import { randomUUIDv7 } from "node:crypto";
import { counterpart, type MessageDraft } from "#src/message/message.ts";
import { attachmentId, messageId } from "#src/message/id.ts";
import { contactKey } from "#src/identity/phone.ts";
import type { InboundEvent } from "#src/sources/source.ts";
import type { AttachmentRow, EventRow, IntakeRow } from "#src/store/sql/intake.ts";
import type { NoticeRow } from "#src/store/sql/notices.ts";
import type { OutboundRow } from "#src/store/sql/outbound-status.ts";
import type { PipelineDeps } from "../deps.ts";
import { sealNotice } from "./seal-notice.ts";
import { bodyOf, place, type Origin, type SealedAttachmentBody } from "#src/store/sealed/message.ts";
import { sealAt } from "#src/store/sealed/place.ts";
import type { Share } from "./share-out.ts";

/** An event with everything cut from it, sealed and ready to be written in one commit. */
export interface Arrival {
  readonly event: EventRow;
  readonly messages: readonly ArrivedMessage[];
  readonly attachments: readonly AttachmentRow[];
  readonly notices: readonly NoticeRow[];
  /** Reports on sent messages; may name one several times. */
  readonly reports: readonly OutboundRow[];
}

/** A sealed message beside the draft it was made from. */
export interface ArrivedMessage extends IntakeRow {
  readonly draft: MessageDraft;
}

/** Seals an event and its shares under the epoch. The event belongs to the channel of the first share. */
export function sealArrival(
  deps: PipelineDeps,
  epoch: number,
  event: InboundEvent,
  shares: readonly [Share, ...Share[]],
): Arrival {
  // In order of time: neighbours share a page of the index, whatever is stored.
  const eventId = randomUUIDv7();
  const { receivedAt } = event;
  const origin = (channel: string): Origin => ({ epoch, channel, eventId, receivedAt });
  const messages = shares.flatMap((share) =>
    share.messages.map((draft) => sealDraft(deps, origin(share.channel), draft)),
  );
  const notices = shares.flatMap((share) =>
    share.notices.map((draft) => sealNotice(deps, origin(share.channel), draft)),
  );
  return {
    event: {
      epoch,
      id: eventId,
      channel: shares[0].channel,
      receivedAt,
      raw: deps.sealer.seal(place.event(epoch, eventId), event.raw),
    },
    messages: messages.map(({ row }) => row),
    attachments: messages.flatMap(({ attachments }) => attachments),
    notices: notices.map(({ row }) => row),
    reports: notices.flatMap(({ report }) => report ?? []),
  };
}

/** Seals a message and what is known of its attachments. */
export function sealDraft(
  { sealer, blindIndex }: PipelineDeps,
  origin: Origin,
  draft: MessageDraft,
): { row: ArrivedMessage; attachments: AttachmentRow[] } {
  const { epoch, channel, receivedAt } = origin;
  const { externalId, part = "", attachments = [], hold } = draft;
  const id = messageId(channel, externalId, part);
  const state = hold ? "held" : "received";
  const contact = counterpart(draft);
  const row: ArrivedMessage = {
    draft,
    epoch,
    channel,
    eventId: origin.eventId,
    receivedAt,
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
    sealed: sealAt(sealer, place.message(epoch, id, "sealed"), bodyOf(draft)),
    externalId: sealer.seal(place.externalId(epoch, id), Buffer.from(externalId, "utf8")),
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
        sealed: sealAt(sealer, place.attachment(epoch, attachment), sealedBody),
      };
    }),
  };
}
