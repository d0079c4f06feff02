import type { Log } from "#src/telemetry/log.ts";
import { escalateTasks } from "#src/store/sql/clearing-clock.ts";
import type { ClearingDeps } from "./deps.ts";

/** Marks tasks that nobody has decided by when somebody else is to be told; the alert rules tell them. */
export async function escalate(deps: ClearingDeps & { readonly log: Log }): Promise<void> {
  const now = new Date(deps.clock());
  for (const { id, channel } of await deps.store.transaction((db) => escalateTasks(db, now)))
    deps.log("warn", "clearing.escalated", { task: id, channel });
}
