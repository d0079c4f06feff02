import { joinStatus } from "#src/message/outbound-status.ts";
import type { Accepted, InboundEvent } from "#src/sources/source.ts";
import { storeIntake, type AttachmentRow, type IntakeRow } from "#src/store/sql/intake.ts";
import { storeNotices } from "#src/store/sql/notices.ts";
import { reportOutbound, type OutboundRow } from "#src/store/sql/outbound-status.ts";
import type { Queryable } from "#src/store/queryable.ts";
import { sealArrival, type Arrival } from "./arrival.ts";
import type { PipelineDeps } from "./deps.ts";
import { GroupCommit } from "./group-commit.ts";
import { reportNotices } from "./report-notices.ts";
import type { Share } from "./share-out.ts";
import type { Watch } from "./watch.ts";

/**
 * Stores an event with everything cut from it, for one channel or several; resolves once all of it is durable, rejects
 * when nothing was stored. The answer names the messages of all shares, in their order.
 */
export type Intake = (event: InboundEvent, shares: readonly [Share, ...Share[]]) => Promise<Accepted>;

/**
 * The first step: seals an event, its messages and notices and writes them, many events in one commit. What the
 * seen-list knows changes nothing, even long after its purge.
 */
export function createIntake(deps: PipelineDeps, watch: Watch, wake: (channel: string) => void): Intake {
  const commits = new GroupCommit<Arrival, ReadonlySet<string>>((arrivals) => commit(deps, arrivals));
  return async (event, shares) => {
    const epoch = await deps.epochs.current(deps.clock());
    await deps.epochs.ensure(epoch);
    const arrival = sealArrival(deps, epoch, event, shares);
    const fresh = await commits.add(arrival);
    reportNotices(
      deps,
      arrival.notices.filter(({ id }) => fresh.has(id)),
    );
    const woken = new Set(arrival.messages.filter(({ id }) => fresh.has(id)).map(({ channel }) => channel));
    for (const channel of woken) wake(channel);
    return {
      messages: arrival.messages.map(({ id }) => ({ id, duplicate: !fresh.has(id) })),
      settled: (id, timeoutMs) => watch.settled(id, timeoutMs),
    };
  };
}

/** @returns for each arrival the ids of its messages and notices that are new */
async function commit(deps: PipelineDeps, arrivals: readonly Arrival[]): Promise<ReadonlySet<string>[]> {
  const messages = firstOfEach(arrivals.flatMap((arrival) => arrival.messages));
  const notices = firstOfEach(arrivals.flatMap((arrival) => arrival.notices));
  const events = arrivals.map((arrival) => arrival.event);
  const writeMessages = async (db: Queryable) =>
    messages.size === 0
      ? new Set<string>()
      : storeIntake(db, { events, messages: [...messages], attachments: uniqueAttachments(arrivals, messages) });
  const fresh =
    notices.size === 0
      ? await writeMessages(deps.store)
      : await deps.store.transaction(async (db) => {
          const written = await writeMessages(db);
          const told = await storeNotices(db, events, [...notices]);
          const reports = joinReports(arrivals.flatMap((arrival) => arrival.reports));
          if (reports.length > 0) await reportOutbound(db, reports, new Date(deps.clock()));
          return new Set([...written, ...told]);
        });
  return arrivals.map((arrival) => {
    const won = [
      ...arrival.messages.filter((row) => messages.has(row)),
      ...arrival.notices.filter((row) => notices.has(row)),
    ];
    return new Set(won.filter(({ id }) => fresh.has(id)).map(({ id }) => id));
  });
}

/** The first arrival of anything wins; later ones in the same batch are duplicates like any other. */
function firstOfEach<Row extends { readonly seenHash: Buffer }>(rows: readonly Row[]): ReadonlySet<Row> {
  const bySeen = new Map<string, Row>();
  for (const row of rows) {
    const seen = row.seenHash.toString("hex");
    if (!bySeen.has(seen)) bySeen.set(seen, row);
  }
  return new Set(bySeen.values());
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
