import { setTimeout } from "node:timers/promises";
import { kindOfError } from "#src/message/error-code.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { Queryable } from "#src/store/queryable.ts";
import { unnumberedCases, unnumberedIdentifiers, writeNumbers, type Unnumbered } from "#src/store/sql/numbers.ts";
import { openAt } from "#src/store/sealed/place.ts";
import type { ApplyDeps } from "./deps.ts";
import { casePlace, identifierKey, patientPlace, valueKey } from "./keys.ts";

/** Small enough that nobody waits for it. */
const PORTION = 200;
/** Of a number nobody can read any more: it is found by no value. */
const UNREADABLE = Buffer.alloc(0);

/**
 * Completes what was stored before numbers were found by their value alone: a portion of identifiers and of cases.
 * @returns how many rows were completed; none: everything is
 */
export async function completeNumbers(deps: ApplyDeps, db: Queryable): Promise<number> {
  const identifiers = await unnumberedIdentifiers(db, PORTION);
  await writeNumbers(
    db,
    "patient_identifier",
    identifiers.map((row) => ({ bi: row.bi, valueBi: valueOfIdentifier(deps, row) })),
  );
  const cases = await unnumberedCases(db, PORTION);
  await writeNumbers(
    db,
    "encounter",
    cases.map(({ bi, sealed }) => {
      const { number } = openAt(deps.sealer, casePlace(bi), sealed);
      return { bi, valueBi: valueKey(deps.blindIndex, number.value) };
    }),
  );
  return identifiers.length + cases.length;
}

function valueOfIdentifier({ sealer, blindIndex }: ApplyDeps, { bi, patientId, sealed }: Unnumbered): Buffer {
  const { identifiers } = openAt(sealer, patientPlace(patientId ?? ""), sealed);
  const found = identifiers.find(({ value }) => identifierKey(blindIndex, value).bi.equals(bi));
  return found ? valueKey(blindIndex, found.value.value) : UNREADABLE;
}

const PAUSE_MS = 20;
const AGAIN_AFTER_MS = 60_000;

/** Completes everything in the background, a portion at a time, and ends when nothing is left. */
export function startCompletingNumbers(deps: ApplyDeps & { readonly store: Queryable; readonly log: Log }): {
  stop(): Promise<void>;
} {
  const stopped = new AbortController();
  const pause = (ms: number) =>
    setTimeout(ms, undefined, { ref: false, signal: stopped.signal }).catch(() => undefined);
  const run = async () => {
    while (!stopped.signal.aborted) {
      try {
        if ((await completeNumbers(deps, deps.store)) === 0) return;
        await pause(PAUSE_MS);
      } catch (error) {
        deps.log("warn", "directory.numbers_waiting", { error: kindOfError(error) });
        await pause(AGAIN_AFTER_MS);
      }
    }
  };
  const running = run();
  return {
    stop: async () => {
      stopped.abort();
      await running;
    },
  };
}
