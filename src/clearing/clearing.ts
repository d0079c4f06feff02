import { findTask, listTasks, type ListedTask, type TaskFilter, type TaskRow } from "#src/store/sql/clearing.ts";
import type { HoldReason } from "#src/message/message.ts";
import { countHeld, heldOf, type HeldMessage } from "#src/store/sql/clearing-held.ts";
import { approve, assign, decline } from "./assign.ts";
import { suspects, type Suspects } from "./candidates.ts";
import { issue, redeem } from "./codes.ts";
import { answerChallenge, end, linksOfTyped, report } from "./links.ts";
import type { ClearingDeps, TaskPolicy } from "./deps.ts";
import { matchTwo } from "./match.ts";
import { reject, unlock, want } from "./reject.ts";
import { bringUpToDate } from "./tasks.ts";
import { approveLink, declineLink, verify, waitingLinks } from "./verify.ts";

/** The tasks of whoever decides who a stranger is, and what can be done about them. */
export function createClearing(deps: ClearingDeps) {
  return {
    policyOf: (channel: string): TaskPolicy => deps.policyOf(channel),
    list: async (filter: Omit<TaskFilter, "now">): Promise<ListedTask[]> => {
      await bringUpToDate(deps);
      return listTasks(deps.store.reading, { ...filter, now: new Date(deps.clock()) });
    },
    find: (id: string): Promise<TaskRow | undefined> => findTask(deps.store.reading, id),
    held: (task: TaskRow): Promise<HeldMessage[]> => heldOf(deps.store.reading, task),
    count: (task: TaskRow): Promise<{ reason: HoldReason; count: number }[]> => countHeld(deps.store.reading, task),
    suspects: (task: TaskRow, held: readonly HeldMessage[]): Promise<Suspects> => suspects(deps, task.channel, held),
    match: bind(deps, matchTwo),
    assign: bind(deps, assign),
    approve: bind(deps, approve),
    decline: bind(deps, decline),
    reject: bind(deps, reject),
    want: bind(deps, want),
    unlock: bind(deps, unlock),
    issue: bind(deps, issue),
    redeem: bind(deps, redeem),
    linksOfTyped: bind(deps, linksOfTyped),
    report: bind(deps, report),
    end: bind(deps, end),
    answerChallenge: bind(deps, answerChallenge),
    verify: bind(deps, verify),
    approveLink: bind(deps, approveLink),
    declineLink: bind(deps, declineLink),
    waitingLinks: bind(deps, waitingLinks),
  };
}

export type Clearing = ReturnType<typeof createClearing>;

function bind<Rest extends unknown[], Answer>(
  deps: ClearingDeps,
  verb: (deps: ClearingDeps, ...rest: Rest) => Answer,
): (...rest: Rest) => Answer {
  return (...rest) => verb(deps, ...rest);
}
