import type { AttachmentRow, StoredIntake } from "#src/store/sql/intake.ts";
import { readWaits, type Waited } from "#src/store/sql/attachment-waits.ts";
import type { ClaimedLane } from "#src/store/sql/lanes.ts";
import { readAttachments, takeReceived, type AttachmentState, type ReceivedRow } from "#src/store/sql/prepare.ts";
import type { ArrivedMessage } from "../intake/arrival.ts";
import type { PipelineDeps } from "../deps.ts";
import type { Leased } from "#src/lanes/lease.ts";
import type { ToPrepare } from "./prepare.ts";

/** Messages of one conversation prepared in one turn before the next conversation gets a chance. */
const PER_TURN = 20;

/** What claimed lanes of any channels have to prepare, in order. */
export async function takeToPrepare(
  deps: PipelineDeps,
  lanes: readonly Leased[],
): Promise<Map<ClaimedLane, ToPrepare[]>> {
  const rows = await takeReceived(
    deps.store,
    lanes.map(({ lane }) => lane),
    PER_TURN,
  );
  const attachments = await readAttachments(deps.store, rows);
  const waits = await readWaits(deps.store, [...new Set(attachments.map(({ messageId }) => messageId))]);
  const byMessage = Map.groupBy(attachments, (attachment: AttachmentState) => attachment.messageId);
  const waited = Map.groupBy(waits, ({ messageId }) => messageId);
  const byLane = Map.groupBy(rows, (row: ReceivedRow) => nameOf(row.channel, row.laneKey));
  return new Map(
    lanes.map(({ lane }) => {
      const mine = byLane.get(nameOf(lane.channel, lane.key)) ?? [];
      return [lane, mine.map((row) => toPrepare(lane, row, byMessage.get(row.id), waited.get(row.id)))];
    }),
  );
}

function toPrepare(
  lane: ClaimedLane,
  row: ReceivedRow,
  attachments: readonly AttachmentState[] = [],
  waited: readonly Waited[] = [],
): ToPrepare {
  return { lane, row, attachments, waited };
}

/** What a batch led to, with the messages as they were stored. */
export interface StoredMessages extends StoredIntake {
  readonly messages: readonly ArrivedMessage[];
}

/** The same of lanes that were opened for us with what came in, from memory. */
export function toPrepareOf(
  { fresh, lanes, messages }: StoredMessages,
  attachments: readonly AttachmentRow[],
): Map<ClaimedLane, ToPrepare[]> {
  const byLane = Map.groupBy(messages, ({ channel, laneKey }) => nameOf(channel, laneKey));
  const byMessage = Map.groupBy(attachments, ({ messageId }) => messageId);
  return new Map(
    lanes.map((lane) => {
      const mine = (byLane.get(nameOf(lane.channel, lane.key)) ?? []).flatMap((row): ToPrepare[] => {
        const seq = fresh.get(row.id);
        if (seq === undefined || row.state !== "received") return [];
        const stored = (byMessage.get(row.id) ?? []).map((one) => ({ ...one, verdict: "pending" as const }));
        const received = {
          ...row,
          seq,
          filing: 1,
          notPatientBi: null,
          linkId: null,
          receivedAt: new Date(row.receivedAt),
        };
        return [{ lane, row: received, attachments: stored, draft: row.draft }];
      });
      return [lane, mine.toSorted((a, b) => a.row.seq - b.row.seq).slice(0, PER_TURN)];
    }),
  );
}

function nameOf(channel: string, laneKey: Buffer): string {
  return `${channel}/${laneKey.toString("hex")}`;
}
