import { ERRORS, type ErrorCode } from "#src/message/error-code.ts";
import { breakersNow } from "#src/store/sql/engines.ts";
import {
  countLanes,
  getLane,
  listLanes,
  otherStages,
  worksInLane,
  type LaneRow,
  type LaneWork,
} from "#src/store/sql/lane-list.ts";
import type { LaneKey } from "#src/store/sql/lanes.ts";
import type { Queryable } from "#src/store/queryable.ts";
import { laneIdOf } from "./lane-id.ts";
import type { LaneDetailView, LaneQuery, LaneView } from "./lane-schema.ts";

/** So many of the works behind the head are shown. */
const BEHIND = 50;
/** Lanes with the same error are counted up to here. */
const SAME_ERROR = 500;
const EXAMPLES = 3;

/** @param mine the channels whose lanes may be seen; undefined: all */
export async function showLanes(db: Queryable, query: LaneQuery, mine?: readonly string[]) {
  const [lanes, counts] = await Promise.all([listLanes(db, { ...query, channels: mine }), countLanes(db)]);
  const byState: Record<string, number> = { parked: 0, retrying: 0, working: 0, waiting: 0 };
  for (const { channel, state, lanes: count } of counts) {
    if (mine?.includes(channel) ?? true) byState[state] = (byState[state] ?? 0) + count;
  }
  return { items: lanes.map((lane) => show(lane, codeOf(lane.lastError) ?? parkedFor(lane))), counts: byState };
}

/** Why a lane is where it is, and what there is to know about it; undefined when it is gone. */
export async function explainLane(
  db: Queryable,
  key: LaneKey,
  mine?: readonly string[],
): Promise<Omit<LaneDetailView, "paused"> | undefined> {
  const lane = await getLane(db, key);
  if (!lane) return undefined;
  const [works, elsewhere, breakers] = await Promise.all([
    worksInLane(db, key, BEHIND + 1),
    otherStages(db, key),
    breakersNow(db),
  ]);
  const [head, ...behind] = works;
  const error = errorOf(head?.lastError ?? null) ?? errorOf(parkedFor(lane));
  const same = error ? await listLanes(db, { code: error.code, channels: mine, limit: SAME_ERROR + 1 }) : [];
  const others = same.map(laneIdOf).filter((id) => id !== laneIdOf(lane));
  return {
    ...show(lane, error?.code ?? null),
    lease: lane.state === "working" && lane.owner !== null ? { engine: lane.owner, ends_in_ms: lane.dueInMs } : null,
    head: head ? showWork(head) : null,
    error: error ?? null,
    behind: behind.map(showWork),
    elsewhere: elsewhere.map((other) => ({
      id: laneIdOf(other),
      stage: other.stage,
      state: other.state,
      open: other.open,
    })),
    same_error: { lanes: others.length, examples: others.slice(0, EXAMPLES) },
    breakers: breakers
      .filter(({ channel, stage }) => channel === key.channel && stage === key.stage)
      .map(({ owner, failures, probe_in_ms }) => ({
        engine: owner,
        failures,
        probe_in_ms: Math.round(probe_in_ms),
      })),
  };
}

function show(lane: LaneRow, code: string | null): LaneView {
  return {
    id: laneIdOf(lane),
    channel: lane.channel,
    stage: lane.stage,
    conversation: lane.key.toString("hex"),
    state: lane.state,
    open: lane.open,
    opened_at: lane.openedAt.toISOString(),
    parked_at: lane.parkedAt?.toISOString() ?? null,
    reason: lane.reason,
    failures: lane.failures,
    due_in_ms: lane.dueInMs,
    code,
  };
}

function showWork(work: LaneWork): NonNullable<LaneDetailView["head"]> {
  return {
    message: work.messageId,
    kind: work.kind,
    received_at: work.receivedAt.toISOString(),
    delivery: work.state,
    purpose: work.purpose,
    attempts: work.attempts,
    in_doubt: work.inDoubt,
  };
}

function parkedFor({ parkedAt, reason }: LaneRow): string | null {
  return parkedAt === null || reason === "person" ? null : reason;
}

function codeOf(lastError: string | null): string | null {
  return lastError === null ? null : (lastError.split(":", 1)[0] ?? null);
}

/** A stored error ("CODE: what was being done") with what the closed list says of its code. */
export function errorOf(lastError: string | null): LaneDetailView["error"] {
  const code = codeOf(lastError);
  if (lastError === null || code === null) return null;
  const detail = lastError.slice(code.length + 1).trim();
  if (!isKnown(code)) return { code, class: null, meaning: "", remedy: "", detail };
  const { class: failure, meaning, remedy } = ERRORS[code];
  return { code, class: failure, meaning, remedy, detail };
}

function isKnown(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}
