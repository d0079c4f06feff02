import type { Clock } from "#src/message/clock.ts";
import { BotenstoffError, kindOfError } from "#src/message/error-code.ts";
import { Health } from "#src/lanes/health.ts";
import type { PatientLookup } from "#src/lookups/lookup.ts";
import type { LookupState } from "#src/pipeline/running-channel.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { Metrics } from "#src/telemetry/metrics.ts";

interface WatchDeps {
  /** Names the channel. */
  readonly log: Log;
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, "gauge">;
}

/**
 * A channel's look-up, and whether it answers: told once when it stops and once when it answers again. Whatever keeps it
 * from saying whose a number is comes as LOOKUP_UNANSWERED; a refusal that concerns one number is an answer.
 */
export function watchLookup(
  { log, clock, metrics }: WatchDeps,
  channel: string,
  lookup: PatientLookup,
  patienceMs: number,
): { readonly lookup: PatientLookup; readonly state: LookupState } {
  const health = new Health();
  let answersSince: number | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let closed = false;
  metrics.gauge("lookup_up", { channel }, () => (closed ? undefined : Number(health.up)));

  function told(error: unknown): void {
    const answered = error === undefined || (error instanceof BotenstoffError && error.class === "permanent");
    askedAt = performance.now();
    answersSince = answered ? (answersSince ?? clock()) : undefined;
    const began = health.report(answered, askedAt);
    if (began === "down") log("error", "lookup.down", { code: kindOfError(error) });
    if (began === "up") log("info", "lookup.up");
  }

  async function find(phone: string, signal: AbortSignal) {
    try {
      const found = await lookup.find(phone, signal);
      told(undefined);
      return found;
    } catch (error) {
      // Nobody has lost interest because the KIS did not answer: the engine stops, or has lost the lane.
      if (!signal.aborted) told(error);
      throw unanswered(error);
    }
  }

  return {
    lookup: {
      ...lookup,
      find,
      close: () => {
        closed = true;
        return lookup.close();
      },
    },
    state: {
      patienceMs,
      answersSince: () => answersSince,
      askedWithin: (ms) => performance.now() - askedAt < ms,
    },
  };
}

function unanswered(cause: unknown): BotenstoffError {
  const known = cause instanceof BotenstoffError ? cause : undefined;
  const why = known ? `${known.code}, ${known.message}` : kindOfError(cause);
  return new BotenstoffError("LOOKUP_UNANSWERED", `looking a patient up: ${why}`, {
    cause,
    ...(known?.retryAfterMs !== undefined && { retryAfterMs: known.retryAfterMs }),
  });
}
