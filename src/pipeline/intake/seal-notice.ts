import type { NoticeDraft, SentMessage } from "#src/message/notice.ts";
import { deriveUuid } from "#src/message/id.ts";
import { outboundState, STATUS_RANKS } from "#src/message/outbound-status.ts";
import type { NoticeRow } from "#src/store/sql/notices.ts";
import type { OutboundRow } from "#src/store/sql/outbound-status.ts";
import type { PipelineDeps } from "../deps.ts";
import { place, type Origin, type SealedNotice } from "#src/store/sealed/message.ts";
import { sealAt } from "#src/store/sealed/place.ts";

/** A notice of a channel that has just been taken away is kept this long. */
const RETENTION_WITHOUT_CHANNEL_MS = 86_400_000;

/** Seals a notice; one that says how far a sent message has come also makes a report on it. */
export function sealNotice(
  deps: PipelineDeps,
  origin: Origin,
  draft: NoticeDraft,
): { row: NoticeRow; report: OutboundRow | undefined } {
  const { epoch, channel, eventId, receivedAt } = origin;
  const { externalId, part = "", kind, field, event, level, raw } = draft;
  const id = deriveUuid("notice", channel, externalId, part);
  const body: SealedNotice = { externalId, raw };
  const codes = JSON.stringify(draft.codes);
  const retention = deps.channels(channel)?.retention.afterFiledMs ?? RETENTION_WITHOUT_CHANNEL_MS;
  const about = draft.kind === "status" ? aboutOf(deps, channel, draft.about) : undefined;
  const state = about && outboundState(event);
  return {
    row: {
      epoch,
      id,
      eventId,
      channel,
      seenHash: deps.blindIndex.seen(channel, externalId, part),
      kind,
      field,
      event,
      codes,
      level,
      about: about?.id ?? null,
      receivedAt,
      happenedAt: draft.at,
      retainUntil: new Date(Date.parse(receivedAt) + retention).toISOString(),
      sealed: sealAt(deps.sealer, place.notice(epoch, id), body),
    },
    report: state && { ...about, channel, state, rank: STATUS_RANKS[state], reachedAt: draft.at, codes },
  };
}

function aboutOf({ blindIndex }: PipelineDeps, channel: string, { externalId, participant }: SentMessage) {
  return {
    id: deriveUuid("outbound", channel, externalId, participant ?? ""),
    externalBi: blindIndex.of("external-id", channel, externalId),
    participantBi:
      participant === undefined ? Buffer.alloc(0) : blindIndex.of("external-id", channel, externalId, participant),
  };
}
