import { isAboutData } from "#src/store/errors.ts";
import { describeError } from "#src/store/sql/outcome.ts";
import type { LaneKey } from "#src/store/sql/lanes.ts";
import type { PipelineDeps } from "./deps.ts";
import { outcomeOf } from "./deliver/deliver.ts";
import { heldAside } from "./prepare/prepare.ts";
import { setAsideFailing } from "./set-aside.ts";
import type { DeliveredTurn, PreparedTurn, Settle } from "./settle.ts";

/** How often a turn is booked in vain before the message at its head goes alone, and is set aside if it fails alone. */
const TRIES = 3;
/** Of more lanes at a time nothing is kept: they are tried as if for the first time. */
const MOST = 10_000;

interface Booking<T> {
  readonly whole: () => Promise<T>;
  readonly first: () => Promise<T>;
  readonly aside: (error: unknown) => Promise<T>;
}

/**
 * Gives an end to turns whose booking fails each time for what is in them, and would otherwise be made again for ever. How
 * often is kept in memory: an engine that starts anew tries as often again.
 */
export function settingAside(deps: PipelineDeps, settle: Settle): Settle {
  const failed = new Map<string, number>();

  async function book<T>(lane: LaneKey, { whole, first, aside }: Booking<T>): Promise<T> {
    const times = failed.size === 0 ? 0 : (failed.get(nameOf(lane)) ?? 0);
    try {
      const settled = await (times < TRIES ? whole() : first());
      if (times > 0 && times < TRIES) failed.delete(nameOf(lane));
      return settled;
    } catch (error) {
      if (!isAboutData(error)) throw error;
      const name = nameOf(lane);
      if (times < TRIES) {
        if (times > 0 || failed.size < MOST) failed.set(name, times + 1);
        throw error;
      }
      const settled = await aside(error);
      failed.delete(name);
      return settled;
    }
  }

  return {
    ...settle,
    prepared: (turn) =>
      book(turn.turn, {
        whole: () => settle.prepared(turn),
        first: () => settle.prepared(firstOf(turn)),
        aside: (error) => settle.prepared(withoutFirst(deps, turn, error)),
      }),
    delivered: (turn) => {
      const whole = () => settle.delivered(turn);
      return book(turn.turn, {
        whole,
        first: whole,
        // The turn is over: what it has not sent yet is taken anew.
        aside: async (error) => ({
          ...(await settle.delivered(failedTurn(deps, turn, error))),
          result: "lost" as const,
        }),
      });
    },
  };
}

function nameOf({ channel, stage, key }: LaneKey): string {
  return [channel, stage, key.toString("hex")].join("/");
}

/** The first of a turn by itself; its lane is given back with the rest. */
function firstOf({ turn, prepared, ...more }: PreparedTurn): PreparedTurn {
  return prepared.length === 1
    ? { turn, prepared, ...more }
    : { turn: { ...turn, waitMs: 0, retried: false }, prepared: prepared.slice(0, 1) };
}

function withoutFirst(deps: PipelineDeps, turn: PreparedTurn, error: unknown): PreparedTurn {
  const [first] = turn.prepared;
  if (!first) return turn;
  const row = heldAside(deps, first.work, error);
  return {
    turn: { ...turn.turn, waitMs: 0, retried: false },
    prepared: [{ work: first.work, row, judged: [], waits: [] }],
  };
}

/** What was attempted fails, and may have arrived; what was not is given back, and the lane with it. */
function failedTurn(deps: PipelineDeps, turn: DeliveredTurn, error: unknown): DeliveredTurn {
  const { channel, stage } = turn.turn;
  const [first, ...others] = turn.outcomes;
  const running = deps.channels(channel);
  if (!first || !running) return turn;
  const over = setAsideFailing(deps, first.messageId, { channel, stage }, error);
  const bare = { mappingVersion: null, sentSha256: null, receipt: null, confirmation: null, said: null };
  const lastError = describeError(over.code, over.message);
  // The next version of a day's document would hold the same again.
  const daily = running.destinations.find(({ id }) => id === stage)?.stopsForMs === null;
  return {
    turn: { ...turn.turn, waitMs: 0, retried: false, park: daily ? over.code : null },
    outcomes: [
      { ...first, ...bare, confirmInMs: null, state: "failed", lastError, inDoubt: true },
      ...others,
      ...turn.rest.map((row) => outcomeOf(running, row, { state: "queued" })),
    ],
    rest: [],
  };
}
