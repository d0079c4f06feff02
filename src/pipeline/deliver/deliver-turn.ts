import { BotenstoffError } from "#src/message/error-code.ts";
import type { DeliveryOutcome, TakenDelivery } from "#src/store/sql/deliveries.ts";
import { backoff } from "#src/lanes/backoff.ts";
import { deliver, outcomeOf, putAside, type Attempt, type ToDeliver } from "./deliver.ts";
import { giveUp } from "./stopped.ts";
import type { AttemptTeller } from "./tell-attempts.ts";
import type { PipelineDeps } from "../deps.ts";
import type { Leased } from "#src/lanes/lease.ts";
import { isGuilty } from "#src/lanes/suspicion.ts";
import { patience } from "#src/lanes/patience.ts";
import type { Permits } from "#src/lanes/permits.ts";
import type { RunningChannel, RunningDestination } from "../running-channel.ts";
import type { Settle } from "../settle.ts";

const RETRY_BASE_MS = 250;
/** Short, because a whole destination that is down is held back by its breaker, not lane by lane. */
const RETRY_CAP_MS = 5_000;
/** The KIS has to learn a patient first; asking every few seconds does not help it. */
export const PATIENT_CAP_MS = 60_000;

/** What the turns of one destination share. */
export interface Delivering {
  readonly deps: PipelineDeps;
  readonly settle: Settle;
  /** As many as the destination takes at once; held while something is sent and read back, not while it is settled. */
  readonly connections: Permits;
  readonly channel: RunningChannel;
  readonly destination: RunningDestination;
  /** Whether the destination has answered others within the time, in milliseconds. */
  readonly answeredWithin: (ms: number) => boolean;
  readonly teller: AttemptTeller;
}

/**
 * Sends the deliveries of one lane in order, each settled before the next is sent. A retry or a permanent failure
 * with `park` ends the turn and gives the untried rest back.
 * @returns the last attempt, for the destination's breaker, and whether the lane holds more, due at once
 */
export async function deliverTurn(
  { deps, settle, connections, channel, destination, answeredWithin, teller }: Delivering,
  leased: Leased,
  works: readonly ToDeliver[],
): Promise<{ last: Attempt | undefined; more: boolean }> {
  const { lane } = leased;
  teller.began(lane);
  let last: Attempt | undefined;
  let more = false;
  for (const [index, work] of works.entries()) {
    const began = performance.now();
    last = await connections.run(async () => {
      // A paused process may wake up after another took its lane: it must not send (fencing).
      if (!leased.valid()) throw new BotenstoffError("LEASE_LOST", "delivering: the lane's lease ran out");
      if (isGuilty(lane)) return putAside(deps, channel, work.row);
      return deliver(deps, channel, destination, work, leased.signal);
    });
    const forMs = index === 0 ? (lane.stoppedMs ?? 0) : 0;
    const mostMs = destination.stopsForMs ?? Number.POSITIVE_INFINITY;
    last = giveUp(last, destination.id, { forMs, mostMs, othersPass: answeredWithin(forMs) });
    const retried = last.outcome.state === "retrying";
    const park = parks(destination, last) ? (last.error?.code ?? null) : null;
    const ends = retried || park !== null || index === works.length - 1;
    const rest = works.slice(index + 1).map(({ row }) => row);
    const outcomes = [last.outcome, ...(ends ? givenBack(channel, rest) : [])];
    const leftAlone = retried ? waitFor(last, lane.failures) : 0;
    const waitMs = ends ? leftAlone : null;
    const turn = { ...lane, waitMs, retried, park };
    const patienceMs = patience(connections, performance.now() - began);
    const settled = await settle.delivered({ turn, outcomes, rest: ends ? [] : rest, patienceMs });
    more = settled.more;
    if (settled.result !== "lost") teller.attempted(lane, work.row, last, park);
    if (settled.result === "lost" || ends) break;
    if (settled.result === "ours") continue;
    // A merge came in between: what was not sent yet goes to the new patient, in the next turn.
    const given = { turn: { ...turn, waitMs: 0 }, outcomes: givenBack(channel, rest), rest: [] };
    ({ more } = await settle.delivered(given));
    break;
  }
  return { last, more };
}

/**
 * Whether a conversation waits behind what failed. What was given up or set aside has stopped it for long enough; only the
 * next version of a day's document, which would hold the same again, waits for a person.
 */
function parks({ onPermanent, stopsForMs }: RunningDestination, { outcome, error }: Attempt): boolean {
  if (outcome.state !== "failed" || onPermanent !== "park") return false;
  return error?.code !== "STOPPED_TOO_LONG" && (error?.code !== "WORK_STOPS_ENGINE" || stopsForMs === null);
}

/** Deliveries that were taken and not tried. */
function givenBack(channel: RunningChannel, rest: readonly TakenDelivery[]): DeliveryOutcome[] {
  return rest.map((row) => outcomeOf(channel, row, { state: "queued" }));
}

function waitFor(attempt: Attempt, failures: number): number {
  const cap = attempt.error?.code === "PATIENT_NOT_YET_KNOWN" ? PATIENT_CAP_MS : RETRY_CAP_MS;
  return Math.max(backoff(failures, RETRY_BASE_MS, cap), attempt.error?.retryAfterMs ?? 0);
}
