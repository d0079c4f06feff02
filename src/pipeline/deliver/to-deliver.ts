import { takeDeliveries, type TakenDelivery } from "#src/store/sql/deliveries.ts";
import type { ClaimedLane, LaneKey } from "#src/store/sql/lanes.ts";
import { readAttachments, type AttachmentState, type ReceivedRow } from "#src/store/sql/prepare.ts";
import type { Queued } from "#src/store/sql/queue.ts";
import type { ToDeliver } from "./deliver.ts";
import type { PipelineDeps } from "../deps.ts";
import type { Leased } from "#src/lanes/lease.ts";
import type { Prepared } from "../prepare/prepare.ts";

/** Deliveries of one conversation sent in one turn before the next conversation gets a chance. */
const PER_TURN = 10;

/** What claimed lanes of any stages have to deliver, in order, marked `sending`. */
export async function takeToDeliver(
  deps: PipelineDeps,
  lanes: readonly Leased[],
): Promise<Map<ClaimedLane, ToDeliver[]>> {
  const rows = await takeDeliveries(
    deps.store,
    lanes.map(({ lane }) => lane),
    PER_TURN,
  );
  const attachments = await readAttachments(
    deps.store,
    rows.map(({ messageId, kind }) => ({ id: messageId, kind })),
  );
  const byMessage = Map.groupBy(attachments, (attachment) => attachment.messageId);
  const byLane = Map.groupBy(rows, (row: TakenDelivery) => nameOf(row.channel, row.destination, row.laneKey));
  return new Map(
    lanes.map(({ lane }) => {
      const mine = byLane.get(nameOf(lane.channel, lane.stage, lane.key)) ?? [];
      return [lane, mine.map((row) => ({ row, attachments: byMessage.get(row.messageId) ?? [] }))];
    }),
  );
}

/** The same of lanes that were opened for us when their messages were routed, from memory. */
export function toDeliverOf({ sending, lanes }: Queued, prepared: readonly Prepared[]): Map<ClaimedLane, ToDeliver[]> {
  const routed = new Map(prepared.map((one) => [one.row.id, one]));
  const taken = sending.flatMap(({ messageId, destination }): ToDeliver[] => {
    const one = routed.get(messageId);
    if (!one?.row.routed) return [];
    return [{ row: freshDelivery(one.work.row, destination, one.row.routed), attachments: attachmentsOf(one) }];
  });
  const byLane = Map.groupBy(taken, ({ row }) => nameOf(row.channel, row.destination, row.laneKey));
  const inOrder = (works: readonly ToDeliver[] = []) => works.toSorted((a, b) => a.row.seq - b.row.seq);
  return new Map(lanes.map((lane) => [lane, inOrder(byLane.get(nameOf(lane.channel, lane.stage, lane.key)))]));
}

/** The attachments as they have just been booked. */
function attachmentsOf({ work, judged }: Prepared): AttachmentState[] {
  return work.attachments.map((attachment) => ({ ...attachment, ...judged.find(({ id }) => id === attachment.id) }));
}

/** A delivery as it is stored before its first attempt. */
function freshDelivery(row: ReceivedRow, destination: string, routed: Buffer): TakenDelivery {
  const { id: messageId, ...message } = row;
  return {
    ...message,
    ...{ messageId, destination, routed, purpose: "file", state: "sending", attempts: 1, receipt: null },
    ...{ address: 0, latestAddress: 0, inDoubt: false, withdrawnAt: null, suspicion: 0 },
  };
}

/**
 * The lanes of what was prepared, as far as they can be handed over: what is in them must be all that one turn takes, and
 * be stored by one statement, for which it has to lie in one epoch. Where clocks differ, a later message's may be earlier.
 */
export function lanesToDeliver(prepared: readonly Prepared[]): LaneKey[] {
  const deliveries = prepared.flatMap(({ row: { lane, destinations, epoch } }) =>
    destinations.map((stage) => ({ channel: lane.channel, stage, key: lane.key, epoch })),
  );
  const byLane = Map.groupBy(deliveries, ({ channel, stage, key }) => nameOf(channel, stage, key));
  return [...byLane.values()].flatMap(([lane, ...more]) => {
    const whole = more.length < PER_TURN && more.every(({ epoch }) => epoch === lane?.epoch);
    return lane && whole ? [lane] : [];
  });
}

function nameOf(channel: string, destination: string, key: Buffer): string {
  return `${channel}/${destination}/${key.toString("hex")}`;
}
