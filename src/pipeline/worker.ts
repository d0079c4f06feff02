import { GroupCommit } from "#src/store/group-commit.ts";
import { readyStages, type ClaimedLane } from "#src/store/sql/lanes.ts";
import { takeToConfirm } from "#src/store/sql/deliveries.ts";
import { readAttachments } from "#src/store/sql/prepare.ts";
import { Breaker } from "./breaker.ts";
import { confirmAgain, type ToDeliver } from "./deliver.ts";
import { deliverTurn, takeToDeliver } from "./deliver-turn.ts";
import type { PipelineDeps } from "./deps.ts";
import { createLeases, type Leased, type Leases } from "./lease.ts";
import { Permits } from "./permits.ts";
import type { ToPrepare } from "./prepare.ts";
import { prepareTurn, takeToPrepare } from "./prepare-turn.ts";
import type { RunningChannel, RunningDestination } from "./running-channel.ts";
import type { Settle } from "./settle.ts";
import { createStage, type Stage } from "./stage.ts";

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
const CONFIRM_BATCH = 50;

/** Keeps every stage of the running channels at work. */
export interface Worker {
  /** Opens the stages of a channel, or of its new version. */
  start(channel: RunningChannel): void;
  /** Ends the stages of a channel once their running turns are done. */
  stop(channelId: string): Promise<void>;
  wake(channelId: string): void;
  /** Claims nothing more and waits for the running turns, at most `graceMs`; then their work is aborted. */
  drain(graceMs: number): Promise<void>;
}

export function createWorker(deps: PipelineDeps, settle: Settle): Worker {
  const stages = new Map<string, Stage[]>();
  const leases = createLeases(deps);
  const takes: Takes = {
    prepare: together((lanes) => takeToPrepare(deps, lanes)),
    deliver: together((lanes) => takeToDeliver(deps, lanes)),
  };
  let polling = Promise.resolve();
  const timer = setInterval(() => {
    polling = polling.then(() => poll(deps, settle, [...stages.values()].flat()));
  }, POLL_MS);

  return {
    start: (channel) => {
      stages.set(channel.id, [
        prepareStage(deps, settle, leases, takes, channel),
        ...channel.destinations.map((destination) => deliverStage(deps, settle, leases, takes, channel, destination)),
      ]);
      for (const stage of stages.get(channel.id) ?? []) stage.wake();
    },
    stop: async (channelId) => {
      const ending = stages.get(channelId) ?? [];
      stages.delete(channelId);
      await Promise.all(ending.map((stage) => stage.drain()));
    },
    wake: (channelId) => stages.get(channelId)?.forEach((stage) => stage.wake()),
    drain: async (graceMs) => {
      clearInterval(timer);
      const drained = Promise.all([polling, ...[...stages.values()].flat().map((stage) => stage.drain())]);
      const grace = setTimeout(() => leases.stop(), graceMs);
      await drained;
      clearTimeout(grace);
      leases.stop();
    },
  };
}

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
): Stage {
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
): Stage {
  const breaker = new Breaker();
  const connections = new Permits(destination.destination.concurrency);
  return createStage(deps, leases, {
    channel: channel.id,
    stage: destination.id,
    concurrency: destination.destination.concurrency * LANES_PER_CONNECTION,
    take: takes.deliver,
    turn: async (lane, works) => {
      const last = await deliverTurn({ deps, settle, connections, channel, destination }, lane, works);
      const aboutOneMessage = last?.error?.code === "PATIENT_NOT_YET_KNOWN";
      breaker.report(last?.error?.class, aboutOneMessage, performance.now());
    },
    allowance: (free, running) => breaker.allowance(free, running, performance.now()),
    wait: () => breaker.wait(performance.now()),
  });
}

/** One look at the database for work nobody told us about. */
async function poll(deps: PipelineDeps, settle: Settle, stages: readonly Stage[]): Promise<void> {
  try {
    const ready = await readyStages(deps.store, stages);
    const names = new Set(ready.map(({ channel, stage }) => `${channel}/${stage}`));
    for (const stage of stages) if (names.has(`${stage.channel}/${stage.stage}`)) stage.wake();
    await confirmDue(deps, settle);
  } catch {
    deps.log("warn", "poll.failed");
  }
}

/** Reads back the accepted deliveries whose next look is due. */
async function confirmDue(deps: PipelineDeps, settle: Settle): Promise<void> {
  const due = await takeToConfirm(deps.store, deps.leaseMs, CONFIRM_BATCH);
  if (due.length === 0) return;
  const attachments = await readAttachments(
    deps.store,
    due.map(({ messageId, kind }) => ({ id: messageId, kind })),
  );
  await Promise.all(
    due.map(async (row) => {
      const channel = deps.channels(row.channel);
      const destination = channel?.destinations.find(({ id }) => id === row.destination);
      if (!channel || !destination) return;
      const mine = attachments.filter((attachment) => attachment.messageId === row.messageId);
      const signal = AbortSignal.timeout(deps.leaseMs);
      const { outcome } = await confirmAgain(deps, channel, destination, { row, attachments: mine }, signal);
      await settle.confirmed(outcome);
    }),
  );
}
