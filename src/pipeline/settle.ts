import { shareDirectory } from "#src/store/locks.ts";
import type { Transaction } from "#src/store/queryable.ts";
import { seenOf } from "#src/store/sql/links.ts";
import {
  concludeMessages,
  lockMessages,
  writeOutcomes,
  type DeliveryOutcome,
  type TakenDelivery,
} from "#src/store/sql/deliveries.ts";
import { noteWaits } from "#src/store/sql/attachment-waits.ts";
import { writeAttachments } from "#src/store/sql/attachments.ts";
import { brokenDays } from "#src/store/sql/day.ts";
import { bookTurns, lockOwnedLanes, type LaneTurn } from "#src/store/sql/lanes.ts";
import { releaseDeletions } from "#src/store/sql/media-deletion.ts";
import { readdressedSince } from "#src/store/sql/readdress.ts";
import { overtakingTurns, settlePrepared, type OfferedLanes, type Reached } from "#src/store/sql/prepare.ts";
import type { Queued } from "#src/store/sql/queue.ts";
import type { ToDeliver } from "./deliver/deliver.ts";
import { lanesToDeliver, toDeliverOf } from "./deliver/to-deliver.ts";
import type { PipelineDeps } from "./deps.ts";
import type { HandOver } from "#src/lanes/hand-over.ts";
import { GroupCommit } from "#src/store/group-commit.ts";
import type { Prepared } from "./prepare/prepare.ts";
import type { Watch } from "#src/lanes/watch.ts";

/** Part of a lane's turn that is to be written: what was prepared, and how the lane goes on. */
export interface PreparedTurn {
  readonly turn: Omit<LaneTurn, "done">;
  readonly prepared: readonly Prepared[];
  /** For how many milliseconds it may wait for others to be committed with; absent: not at all. */
  readonly patienceMs?: number;
}

export interface DeliveredTurn {
  readonly turn: Omit<LaneTurn, "done">;
  readonly outcomes: readonly DeliveryOutcome[];
  /** What the turn goes on with. */
  readonly rest: readonly TakenDelivery[];
  readonly patienceMs?: number;
}

/**
 * `lost`: the lane was not ours any more, nothing of the turn was written. `readdressed`: something of the rest goes to
 * another patient now, it must be taken anew.
 */
export interface SettledDelivery {
  readonly result: "ours" | "lost" | "readdressed";
  /** The lane was given back and holds more, due at once. */
  readonly more: boolean;
}

export interface SettledPreparation {
  /** Whether the lane was still ours; if not, nothing of the turn was written. */
  readonly ours: boolean;
  readonly more: boolean;
}

export interface Settle {
  prepared(turn: PreparedTurn): Promise<SettledPreparation>;
  delivered(turn: DeliveredTurn): Promise<SettledDelivery>;
  /** A confirmation read later on, outside any lane. */
  confirmed(outcome: DeliveryOutcome): Promise<boolean>;
}

type Seen = NonNullable<Prepared["seen"]>;

/** Delivery states in which the delivery has left its lane. */
const LEFT_LANE: ReadonlySet<DeliveryOutcome["state"]> = new Set(["accepted", "confirmed", "failed"]);

/** The last step: outcomes of many lanes in one commit, each guarded by its lane's fencing token. */
export function createSettle(deps: PipelineDeps, watch: Watch, handOver: HandOver<ToDeliver>): Settle {
  const now = () => new Date(deps.clock());
  const retainFrom = () => new Date(deps.retainFrom());
  const prepared = new GroupCommit<PreparedTurn, SettledPreparation>((turns) => {
    const all = turns.flatMap((turn) => turn.prepared);
    return handOver.open(lanesToDeliver(all), async (offered) => {
      const written = await deps.store.transaction((db) =>
        settlePreparedTurns(db, turns, now(), { owner: deps.owner, leaseMs: deps.leaseMs, offered }),
      );
      return { result: written.settled, lanes: toDeliverOf(written.queued, all) };
    });
  });
  const delivered = new GroupCommit<DeliveredTurn, SettledDelivery>((turns) =>
    deps.store.transaction((db) => settleDeliveredTurns(db, turns, now(), retainFrom())),
  );
  const confirmed = new GroupCommit<DeliveryOutcome, boolean>((outcomes) =>
    deps.store.transaction(async (db) => {
      await conclude(db, outcomes, now(), retainFrom());
      return outcomes.map(() => true);
    }),
  );
  return {
    prepared: async (turn) => {
      const settled = await prepared.add(turn, turn.patienceMs);
      for (const { row } of turn.prepared) watch.moved(row.id);
      return settled;
    },
    delivered: async (turn) => {
      const result = await delivered.add(turn, turn.patienceMs);
      for (const outcome of turn.outcomes) watch.moved(outcome.messageId);
      return result;
    },
    confirmed: async (outcome) => {
      const written = await confirmed.add(outcome);
      watch.moved(outcome.messageId);
      return written;
    },
  };
}

/** Statements that need nothing of each other's answers: sent in this order, and answered together. */
async function inOneTrip(...statements: readonly (() => Promise<unknown>)[]): Promise<void> {
  await Promise.all(statements.map((send) => send()));
}

async function settlePreparedTurns(
  db: Transaction,
  turns: readonly PreparedTurn[],
  now: Date,
  handOver: OfferedLanes,
): Promise<{ settled: SettledPreparation[]; queued: Queued }> {
  const seen = turns.flatMap(({ prepared }) => prepared.flatMap((one) => (one.seen ? [one.seen] : [])));
  // The directory's lock is taken before any lane's.
  const [patients, owned] = await Promise.all([
    seen.length === 0 ? new Map<Seen, string>() : sharePatients(db, seen),
    lockOwnedLanes(
      db,
      turns.map(({ turn }) => turn),
    ),
  ]);
  const all = turns.flatMap(({ prepared }) => prepared.map(({ row }) => row));
  const [broken, overtaking] = await Promise.all([brokenDays(db, all), overtakingTurns(db, grown(turns, owned))]);
  const current = turns.map((turn) => ifStillTrue(turn, patients, broken, overtaking));
  const ours = current.filter(({ turn }) => owned.has(turn.token));
  const rows = ours.flatMap(({ prepared }) => prepared.map(({ row }) => row));
  const booked = ours.map(({ turn, prepared }) => ({
    ...turn,
    done: prepared.filter(({ row }) => row.state !== "received").length,
  }));
  const judged = ours.flatMap(({ prepared }) => prepared.flatMap((one) => one.judged));
  const waits = ours.flatMap(({ prepared }) => prepared.flatMap((one) => one.waits));
  const [queued, , , due] = await Promise.all([
    settlePrepared(db, rows, now, handOver),
    writeAttachments(db, judged),
    noteWaits(db, waits),
    bookTurns(db, booked),
  ]);
  const settled = turns.map(({ turn }) => ({ ours: owned.has(turn.token), more: due.has(turn.token) }));
  return { settled, queued };
}

/** Keeps the directory and the links as they are until this transaction has committed. @returns what they say now */
async function sharePatients(db: Transaction, seen: readonly Seen[]): Promise<Map<Seen, string>> {
  const keys = seen.map((one) => one.keys);
  const [, now] = await Promise.all([shareDirectory(db), seenOf(db, keys)]);
  return new Map(seen.map((one, index) => [one, (now[index] ?? []).join()]));
}

/** How far the turns have come whose lanes hold more than when they were taken. */
function grown(turns: readonly PreparedTurn[], owned: ReadonlyMap<number, number>): Reached[] {
  return turns.flatMap(({ turn, prepared: [first] }) =>
    first && (owned.get(turn.token) ?? 0) > turn.open ? [{ ...turn, seq: first.row.seq }] : [],
  );
}

/**
 * Compares what identification saw with what the directory says now, under its lock: a message decided on news that
 * is no longer true, or continues a day's document that is no longer whole, stays `received` and is decided again, and
 * with it everything after it in its conversation; so does a turn that a message was let in again before (I3).
 */
function ifStillTrue(
  turn: PreparedTurn,
  now: ReadonlyMap<Seen, string>,
  brokenDays: ReadonlySet<string>,
  overtaking: ReadonlySet<number>,
): PreparedTurn {
  const stillTrue = ({ seen, row }: Prepared) =>
    !brokenDays.has(row.id) && (!seen || now.get(seen) === seen.said.join());
  const first = overtaking.has(turn.turn.token) ? 0 : turn.prepared.findIndex((one) => !stillTrue(one));
  if (first < 0) return turn;
  const prepared = turn.prepared.map((one, index) => {
    if (index < first) return one;
    if (!stillTrue(one)) one.seen?.forget();
    return { ...one, row: undecided(one.row) };
  });
  return { turn: { ...turn.turn, waitMs: 0 }, prepared };
}

function undecided(row: Prepared["row"]): Prepared["row"] {
  return {
    ...row,
    state: "received",
    reason: null,
    patientBi: null,
    routed: null,
    retainUntil: null,
    destinations: [],
    day: null,
    earlier: [],
  };
}

async function settleDeliveredTurns(
  db: Transaction,
  turns: readonly DeliveredTurn[],
  now: Date,
  retainFrom: Date,
): Promise<SettledDelivery[]> {
  const owned = await lockOwnedLanes(
    db,
    turns.map(({ turn }) => turn),
  );
  const ours = turns.filter(({ turn }) => owned.has(turn.token));
  const outcomes = ours.flatMap((turn) => turn.outcomes);
  const booked = ours.map(({ turn, outcomes }) => ({
    ...turn,
    done: outcomes.filter(({ state }) => LEFT_LANE.has(state)).length,
  }));
  // A withdrawal goes where the document went: no merge readdresses it.
  const rest = ours.flatMap((turn) => turn.rest.filter(({ purpose }) => purpose !== "withdraw"));
  const [readdressed, , due] = await Promise.all([
    readdressedSince(db, rest),
    conclude(db, outcomes, now, retainFrom),
    bookTurns(db, booked),
  ]);
  return turns.map(({ turn, rest }) => {
    const elsewhere = rest.some(({ messageId }) => readdressed.has(messageId));
    const result = !owned.has(turn.token) ? "lost" : elsewhere ? "readdressed" : "ours";
    return { result, more: due.has(turn.token) };
  });
}

async function conclude(
  db: Transaction,
  outcomes: readonly DeliveryOutcome[],
  now: Date,
  retainFrom: Date,
): Promise<void> {
  if (outcomes.length === 0) return;
  const final = outcomes.filter(({ state }) => LEFT_LANE.has(state));
  const write = () => writeOutcomes(db, outcomes, now);
  if (final.length === 0) {
    await write();
    return;
  }
  await inOneTrip(
    () => lockMessages(db, final),
    write,
    () => concludeMessages(db, final, now, retainFrom),
    () => releaseDeletions(db, final),
  );
}
