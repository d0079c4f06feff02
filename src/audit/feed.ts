import type { Clock } from "#src/message/clock.ts";
import { kindOfError } from "#src/message/error-code.ts";
import type { Sealer } from "#src/seal/sealer.ts";
import type { Queryable } from "#src/store/queryable.ts";
import { claimFeed, moveFeed, oldestUnsent } from "#src/store/sql/journal-feed.ts";
import { journalAfter, type JournalRow } from "#src/store/sql/journal.ts";
import { Episodes } from "#src/telemetry/episodes.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { Metrics } from "#src/telemetry/metrics.ts";
import type { Who } from "./journal.ts";
import { syslogOf, type SyslogFormat } from "./syslog.ts";
import { openWho } from "./who.ts";

const EVERY_MS = 5_000;
/** In memory at a time; the rest waits in the journal itself. */
const BATCH = 200;
/** Longer than a batch may take to be sent: nobody else sends meanwhile. */
const LEASE_S = 90;
/** A stopping engine lets the batch end that is under way for so long; what is not booked is sent again. */
const STOP_MS = 5_000;

interface FeedDeps {
  readonly store: Queryable;
  readonly sealer: Pick<Sealer, "open">;
  readonly format: SyslogFormat;
  /** Resolves when the receiver has everything. */
  send(messages: readonly Buffer[], signal: AbortSignal): Promise<void>;
  /** Names this engine among others on the database: one of them sends. */
  readonly owner: string;
  readonly metrics: Pick<Metrics, "gauge">;
  readonly now: Clock;
  readonly log: Log;
}

/**
 * Sends every line of the journal to where the house gathers such lines, in order, from where it was before: each line once,
 * or again after a doubt. What cannot be sent waits in the journal, and a gauge tells for how long.
 */
export function startJournalFeed(deps: FeedDeps, everyMs = EVERY_MS): { stop(): Promise<void> } {
  const { store, log } = deps;
  const ending = new AbortController();
  const failures = new Episodes();
  let since: number | null | undefined;
  deps.metrics.gauge("journal_behind_seconds", {}, () => {
    if (since === undefined) return undefined;
    return since === null ? 0 : Math.max(0, deps.now() - since) / 1_000;
  });

  const round = async () => {
    try {
      while (!ending.signal.aborted && (await sendBatch(deps, ending.signal)));
      const over = failures.over("send");
      if (over) log("info", "journal.sent_again", { count: over.count });
    } catch (error) {
      if (failures.happened("send") && !ending.signal.aborted)
        log("warn", "journal.not_sent", { error: kindOfError(error) });
    }
    since = await oldestUnsent(store).then(
      (at) => at?.getTime() ?? null,
      () => undefined,
    );
  };
  let running: Promise<void> | undefined;
  const tick = () => {
    running ??= round().finally(() => (running = undefined));
  };
  tick();
  const timer = setInterval(tick, everyMs);
  return {
    stop: async () => {
      clearInterval(timer);
      const late = setTimeout(() => ending.abort(), STOP_MS);
      await running;
      clearTimeout(late);
    },
  };
}

/** @returns whether there may be more */
async function sendBatch(deps: FeedDeps, signal: AbortSignal): Promise<boolean> {
  const { store, sealer, format, owner } = deps;
  const seq = await claimFeed(store, owner, LEASE_S);
  if (seq === undefined) return false;
  const rows = await journalAfter(store, seq, BATCH);
  const last = rows.at(-1);
  if (!last) return false;
  await deps.send(
    rows.map((row) => syslogOf(row, whoOf(sealer, row), format)),
    signal,
  );
  return (await moveFeed(store, owner, seq, last.seq)) && rows.length === BATCH;
}

/** A damaged name keeps no line back. */
function whoOf(sealer: FeedDeps["sealer"], { who }: JournalRow): Who | null {
  try {
    return who && openWho(sealer, who);
  } catch {
    return null;
  }
}
