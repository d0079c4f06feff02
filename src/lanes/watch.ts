import type { Queryable } from "#src/store/queryable.ts";
import { readOutcome, type Outcome } from "#src/store/sql/outcome.ts";

/** Lets a source wait for what becomes of a message it handed in. */
export interface Watch {
  /** Resolves when the message has left `received` and `routed`, or with its state after the time. */
  settled(id: string, timeoutMs: number): Promise<Outcome>;
  /** Told by the steps that move states in this process. */
  moved(id: string): void;
}

/** How often a state is looked up, for moves made by another engine on the same database. */
const LOOK_AGAIN_MS = 500;

export function createWatch(db: Queryable): Watch {
  const waiting = new Map<string, Set<() => void>>();
  return {
    moved: (id) => waiting.get(id)?.forEach((notify) => notify()),
    settled: async (id, timeoutMs) => {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const next = nextMove(waiting, id, Math.min(LOOK_AGAIN_MS, deadline - performance.now()));
        const outcome = await readOutcome(db, id);
        const open = outcome.state === "received" || outcome.state === "routed";
        if (!open || performance.now() >= deadline) {
          next.cancel();
          return outcome;
        }
        await next.happened;
      }
    },
  };
}

/** Listens before the state is read, so that a move in between is not missed. */
function nextMove(waiting: Map<string, Set<() => void>>, id: string, ms: number) {
  const listeners = waiting.get(id) ?? new Set();
  waiting.set(id, listeners);
  const { promise: happened, resolve } = Promise.withResolvers<undefined>();
  const cancel = () => {
    clearTimeout(timer);
    listeners.delete(cancel);
    if (listeners.size === 0) waiting.delete(id);
    resolve(undefined);
  };
  const timer = setTimeout(cancel, Math.max(ms, 1));
  listeners.add(cancel);
  return { happened, cancel };
}
