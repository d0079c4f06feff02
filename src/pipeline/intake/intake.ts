import { joinStatus } from "#src/message/outbound-status.ts";
import type { Accepted, InboundEvent } from "#src/sources/source.ts";
import { lock } from "#src/store/locks.ts";
import { seenAmong } from "#src/store/sql/contacts.ts";
import { storeIntake, type AttachmentRow, type EventRow, type IntakeRow } from "#src/store/sql/intake.ts";
import { storeNotices, type NoticeRow } from "#src/store/sql/notices.ts";
import { reportOutbound, type OutboundRow } from "#src/store/sql/outbound-status.ts";
import type { LaneKey } from "#src/store/sql/lanes.ts";
import type { Queryable, Transaction } from "#src/store/queryable.ts";
import { sealArrival, type Arrival, type ArrivedMessage } from "./arrival.ts";
import type { PipelineDeps } from "../deps.ts";
import { followContacts, type Followed } from "../follow/follow-contacts.ts";
import type { HandOver, Offered } from "#src/lanes/hand-over.ts";
import { GroupCommit } from "#src/store/group-commit.ts";
import { reportNotices } from "./report-notices.ts";
import { concernsStandIn, settleStandIns } from "./stand-ins.ts";
import type { ToPrepare } from "../prepare/prepare.ts";
import { toPrepareOf, type StoredMessages } from "../prepare/to-prepare.ts";
import type { Share } from "./share-out.ts";
import type { Watch } from "#src/lanes/watch.ts";

/**
 * Stores an event with everything cut from it, for one channel or several; resolves once all of it is durable, rejects
 * when nothing was stored. The answer names the messages of all shares, in their order.
 */
export type Intake = (event: InboundEvent, shares: readonly [Share, ...Share[]]) => Promise<Accepted>;

/**
 * The first step: seals an event, its messages and notices and writes them, many events in one commit. What the
 * seen-list knows changes nothing, even long after its purge.
 */
export function createIntake(deps: PipelineDeps, watch: Watch, handOver: HandOver<ToPrepare>): Intake {
  const commits = new GroupCommit<Arrival, ReadonlySet<string>>((arrivals) => commit(deps, handOver, arrivals));
  return async (event, shares) => {
    const epoch = await deps.epochs.current(deps.clock());
    await deps.epochs.ensure(epoch);
    const arrival = sealArrival(deps, epoch, event, shares);
    const fresh = await commits.add(arrival);
    return {
      messages: arrival.messages.map(({ id }) => ({ id, duplicate: !fresh.has(id) })),
      settled: (id, timeoutMs) => watch.settled(id, timeoutMs),
    };
  };
}

/** @returns for each arrival the ids of its messages that are new */
async function commit(
  deps: PipelineDeps,
  handOver: HandOver<ToPrepare>,
  arrivals: readonly Arrival[],
): Promise<ReadonlySet<string>[]> {
  const messages = firstOfEach(arrivals.flatMap((arrival) => arrival.messages));
  const winners = new Set(messages);
  const batch: Batch = {
    events: arrivals.map((arrival) => arrival.event),
    messages,
    attachments: uniqueAttachments(arrivals, winners),
    notices: firstOfEach(arrivals.flatMap((arrival) => arrival.notices)),
    reports: joinReports(arrivals.flatMap((arrival) => arrival.reports)),
  };
  const followed = await followContacts(deps, deps.store, messages);
  const { fresh, told } = await handOver.open(lanesOf(followed.messages), async (offered) => {
    const written =
      followed.news || batch.notices.length > 0 || batch.messages.some(concernsStandIn)
        ? await deps.store.transaction((db) => write(deps, db, batch, followed, offered))
        : { ...(await writeMessages(deps, deps.store, batch, followed.messages, offered)), told: [] };
    return { result: written, lanes: toPrepareOf(written, batch.attachments) };
  });
  reportNotices(deps, told);
  return arrivals.map(
    ({ messages }) => new Set(messages.filter((row) => winners.has(row) && fresh.has(row.id)).map(({ id }) => id)),
  );
}

/** The lanes that received messages wait in. */
function lanesOf(rows: readonly IntakeRow[]): LaneKey[] {
  const received = rows.filter(({ state }) => state === "received");
  const lanes = received.map(({ channel, laneKey }) => ({ channel, stage: "prepare", key: laneKey }));
  return [...new Map(lanes.map((lane) => [`${lane.channel}/${lane.key.toString("hex")}`, lane])).values()];
}

interface Batch {
  readonly events: readonly EventRow[];
  readonly messages: readonly ArrivedMessage[];
  readonly attachments: readonly AttachmentRow[];
  readonly notices: readonly NoticeRow[];
  readonly reports: readonly OutboundRow[];
}

/** Writes a batch that is more than messages. News of contacts are read again under their lock, from what is new only. */
async function write(deps: PipelineDeps, db: Transaction, batch: Batch, read: Followed, offered: Offered) {
  if (read.news) await lock(db, "contacts");
  if (batch.messages.some(concernsStandIn)) await lock(db, "standIns");
  const old = read.news
    ? await seenAmong(
        db,
        batch.messages.map(({ seenHash }) => seenHash),
      )
    : undefined;
  const followed = read.news ? await followContacts(deps, db, batch.messages, old) : read;
  // Messages that are let in again are earlier than those of the batch, and go first.
  const stored = await writeMessages(deps, db, batch, followed.messages, followed.learned ? () => false : offered);
  if (followed.news) await followed.write(db);
  await settleStandIns(deps, db, batch.messages);
  const notices = [...batch.notices, ...followed.notices];
  const told = notices.length === 0 ? new Set<string>() : await storeNotices(db, batch.events, notices);
  if (batch.reports.length > 0) await reportOutbound(db, batch.reports, new Date(deps.clock()));
  return { ...stored, told: notices.filter(({ id }) => told.has(id)) };
}

async function writeMessages(
  { owner, leaseMs }: PipelineDeps,
  db: Queryable,
  { events, attachments }: Batch,
  messages: readonly ArrivedMessage[],
  offers: Offered,
): Promise<StoredMessages> {
  if (messages.length === 0) return { fresh: new Map(), lanes: [], messages };
  const offered = messages.map(({ channel, laneKey: key }) => offers({ channel, stage: "prepare", key }));
  const stored = await storeIntake(db, { events, messages, attachments, handOver: { owner, leaseMs, offered } });
  return { ...stored, messages };
}

/** The first arrival of anything wins; later ones in the same batch are duplicates like any other. */
function firstOfEach<Row extends { readonly seenHash: Buffer }>(rows: readonly Row[]): Row[] {
  const bySeen = new Map<string, Row>();
  for (const row of rows) {
    const seen = row.seenHash.toString("hex");
    if (!bySeen.has(seen)) bySeen.set(seen, row);
  }
  return [...bySeen.values()];
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

/** One report for each sent message: a row may be written only once in a statement. */
function joinReports(reports: readonly OutboundRow[]): OutboundRow[] {
  const byMessage = Map.groupBy(reports, ({ id }) => id);
  return Array.from(byMessage.values(), (several) =>
    several.reduce((a, b) => {
      const { state, at, codes } = joinStatus(statusOf(a), statusOf(b));
      return { ...a, state, rank: Math.max(a.rank, b.rank), reachedAt: at, codes: JSON.stringify(codes) };
    }),
  );
}

function statusOf({ state, reachedAt, codes }: OutboundRow) {
  return { state, at: reachedAt, codes: JSON.parse(codes) as string[] };
}
