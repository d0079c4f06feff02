import type { BotenstoffError } from "#src/message/error-code.ts";
import { GroupCommit } from "#src/store/group-commit.ts";
import { readyStages, type ClaimedLane } from "#src/store/sql/lanes.ts";
import { Breaker } from "#src/lanes/breaker.ts";
import { Health } from "#src/lanes/health.ts";
import { createConfirming, type Confirming } from "./deliver/confirm.ts";
import type { ToDeliver } from "./deliver/deliver.ts";
import { AttemptTeller } from "./deliver/tell-attempts.ts";
import { deliverTurn } from "./deliver/deliver-turn.ts";
import type { PipelineDeps } from "./deps.ts";
import type { HandOver } from "#src/lanes/hand-over.ts";
import type { Leased, Leases } from "#src/lanes/lease.ts";
import { Permits } from "#src/lanes/permits.ts";
import type { ToPrepare } from "./prepare/prepare.ts";
import { prepareTurn } from "./prepare/prepare-turn.ts";
import type { RunningChannel, RunningDestination } from "./running-channel.ts";
import type { Settle } from "./settle.ts";
import { createStage, type Stage } from "#src/lanes/stage.ts";
import { takeToDeliver } from "./deliver/to-deliver.ts";
import { takeToPrepare } from "./prepare/to-prepare.ts";

/** How often lanes are looked for that nobody in this process was told about: retries due, other engines' intake. */
const POLL_MS = 250;
/** Conversations prepared side by side: the more, the more share a commit. */
const PREPARE_CONCURRENCY = 256;
/** Attachments fetched side by side. */
const FETCH_CONCURRENCY = 32;
/**
 * Conversations at work for each connection of a destination: while the outcomes of some are committed, others use the
 * connections, and the more of them, the more share a commit.
 */
const LANES_PER_CONNECTION = 8;

/** Keeps every stage of the running channels at work. */
export interface Worker {
  /** Opens the stages of a channel, or of its new version. */
  start(channel: RunningChannel): void;
  /** Ends the stages of a channel once their running turns are done. */
  stop(channelId: string): Promise<void>;
  wake(channelId: string): void;
  /** The destinations held back now, because they were down when they were last tried. */
  breakers(): HeldBack[];
  /** Claims nothing more and waits for the running turns, at most `graceMs`; then their work is aborted. */
  drain(graceMs: number): Promise<void>;
}

export interface HeldBack {
  readonly channel: string;
  readonly stage: string;
  readonly failures: number;
  /** Milliseconds until it is tried again. */
  readonly waitMs: number;
}

/** Where the stages take lanes over: from intake, and from routing. */
export interface HandOvers {
  readonly prepare: HandOver<ToPrepare>;
  readonly deliver: HandOver<ToDeliver>;
}

export function createWorker(deps: PipelineDeps, settle: Settle, leases: Leases, handOvers: HandOvers): Worker {
  const stages = new Map<string, RunningStages>();
  const takes: Takes = {
    prepare: together((lanes) => takeToPrepare(deps, lanes)),
    deliver: together((lanes) => takeToDeliver(deps, lanes)),
  };
  const confirming = createConfirming(deps, settle);
  let polling: Promise<void> | undefined;
  const timer = setInterval(() => {
    polling ??= poll(deps, confirming, [...stages.values()].flatMap(all)).finally(() => (polling = undefined));
  }, POLL_MS);

  return {
    start: (channel) => {
      const prepare = prepareStage(deps, settle, leases, takes, channel);
      const deliver = channel.destinations.map((destination) =>
        deliverStage(deps, settle, leases, takes, channel, destination),
      );
      stages.set(channel.id, { prepare, deliver });
      handOvers.prepare.register(prepare);
      for (const stage of deliver) handOvers.deliver.register(stage);
      for (const stage of [prepare, ...deliver]) stage.wake();
    },
    stop: async (channelId) => {
      const ending = stages.get(channelId);
      stages.delete(channelId);
      if (ending) await Promise.all(all(ending).map((stage) => stage.drain()));
    },
    wake: (channelId) => {
      const woken = stages.get(channelId);
      if (woken) for (const stage of all(woken)) stage.wake();
    },
    breakers: () => [...stages.values()].flatMap(({ deliver }) => deliver.flatMap((stage) => stage.heldBack() ?? [])),
    drain: async (graceMs) => {
      clearInterval(timer);
      const turns = Promise.all([...stages.values()].flatMap(all).map((stage) => stage.drain()));
      const grace = setTimeout(() => {
        leases.stop();
        confirming.stop();
      }, graceMs);
      await polling;
      await Promise.all([turns, confirming.drain()]);
      clearTimeout(grace);
      leases.stop();
    },
  };
}

interface RunningStages {
  readonly prepare: Stage<ToPrepare>;
  readonly deliver: readonly DeliverStage[];
}

function all({ prepare, deliver }: RunningStages): AnyStage[] {
  return [prepare, ...deliver];
}

interface DeliverStage extends Stage<ToDeliver> {
  heldBack(): HeldBack | undefined;
}

/** A stage, whatever it works on. */
type AnyStage = Pick<Stage<never>, "channel" | "stage" | "wake" | "examine" | "drain">;

/** How claimed lanes are filled, by what they are claimed for. */
interface Takes {
  readonly prepare: (lanes: readonly Leased[]) => Promise<Map<ClaimedLane, ToPrepare[]>>;
  readonly deliver: (lanes: readonly Leased[]) => Promise<Map<ClaimedLane, ToDeliver[]>>;
}

/** Lanes that several stages have claimed at a time are filled by one statement: its cost does not grow with the channels. */
function together<Works>(take: (lanes: readonly Leased[]) => Promise<Works>) {
  const takes = new GroupCommit<readonly Leased[], Works>(async (batches) => {
    const taken = await take(batches.flat());
    return batches.map(() => taken);
  });
  return (lanes: readonly Leased[]) => takes.add(lanes);
}

function prepareStage(
  deps: PipelineDeps,
  settle: Settle,
  leases: Leases,
  takes: Takes,
  channel: RunningChannel,
): Stage<ToPrepare> {
  const fetching = new Permits(FETCH_CONCURRENCY);
  return createStage(deps, leases, {
    channel: channel.id,
    stage: "prepare",
    concurrency: PREPARE_CONCURRENCY,
    take: takes.prepare,
    turn: (lane, works) => prepareTurn(deps, settle, fetching, lane, works),
    allowance: (free) => free,
    wait: () => 0,
  });
}

function deliverStage(
  deps: PipelineDeps,
  settle: Settle,
  leases: Leases,
  takes: Takes,
  channel: RunningChannel,
  destination: RunningDestination,
): DeliverStage {
  const breaker = new Breaker();
  const health = new Health();
  const labels = { channel: channel.id, destination: destination.id };
  let drained = false;
  deps.metrics.gauge("destination_up", labels, () => (drained ? undefined : Number(health.up)));
  const answeredWithin = (ms: number) => health.answeredWithin(ms, performance.now());
  const connections = new Permits(destination.destination.concurrency);
  const teller = new AttemptTeller(deps.log, labels, () => health.up);
  const stage = createStage(deps, leases, {
    channel: channel.id,
    stage: destination.id,
    concurrency: destination.destination.concurrency * LANES_PER_CONNECTION,
    take: takes.deliver,
    turn: async (lane, works) => {
      const { last, more } = await deliverTurn(
        { deps, settle, connections, channel, destination, answeredWithin, teller },
        lane,
        works,
      );
      const aboutOneMessage = last?.error?.code === "PATIENT_NOT_YET_KNOWN";
      tellHealth(deps, health, labels, last?.error);
      breaker.report(last?.error?.class, aboutOneMessage, performance.now(), last?.error?.retryAfterMs);
      return more;
    },
    allowance: (free, running) => breaker.allowance(free, running, performance.now()),
    wait: () => breaker.wait(performance.now()),
  });
  return {
    ...stage,
    drain: () => {
      drained = true;
      return stage.drain();
    },
    heldBack: () => {
      const { failures } = breaker;
      if (failures === 0) return undefined;
      return { channel: channel.id, stage: destination.id, failures, waitMs: breaker.wait(performance.now()) };
    },
  };
}

/** Says once when a destination stops answering, and once when it answers again. */
function tellHealth(
  { log }: PipelineDeps,
  health: Health,
  labels: { readonly channel: string; readonly destination: string },
  error: BotenstoffError | undefined,
): void {
  const answered = !error || error.class === "permanent" || error.code === "PATIENT_NOT_YET_KNOWN";
  const began = health.report(answered, performance.now());
  if (began === "down") log("error", "destination.down", { ...labels, ...(error && { code: error.code }) });
  if (began === "up") log("info", "destination.up", labels);
}

/** One look at the database for work nobody told us about. */
async function poll(deps: PipelineDeps, confirming: Confirming, stages: readonly AnyStage[]): Promise<void> {
  try {
    const ready = await readyStages(deps.store, stages);
    const byName = new Map(ready.map((one) => [`${one.channel}/${one.stage}`, one]));
    for (const stage of stages) {
      const found = byName.get(`${stage.channel}/${stage.stage}`);
      if (found?.claimable) stage.wake();
      if (found?.suspect) stage.examine();
    }
    await confirming.look();
  } catch {
    deps.log("warn", "poll.failed");
  }
}
