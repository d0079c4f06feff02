import { join } from "node:path";
import type { RetentionDeps } from "#src/retention/deps.ts";
import { openLedger } from "#src/retention/ledger.ts";
import { createEpochs } from "#src/store/epochs.ts";
import type { Store } from "#src/store/data-source.ts";
import type { TestKeys } from "../support/keys.ts";

/** Retention on a database and keys of its own, by a clock of the test's; it logs, journals and counts nothing. */
export function retentionOn(
  store: Store,
  keys: TestKeys,
  epochLengthMs: number,
  clock: () => number,
  more: Partial<RetentionDeps> = {},
): RetentionDeps {
  return {
    ...keys,
    store,
    epochs: createEpochs(store, epochLengthMs),
    ledger: openLedger(join(keys.directory, "ledger")),
    clock,
    steady: clock,
    log: () => undefined,
    journal: () => Promise.resolve(),
    metrics: { count: () => undefined, gauge: () => undefined },
    epochLengthMs,
    ...more,
  };
}
