import type { Channel } from "#src/channel/channel.ts";
import { plan } from "#src/channel/plan.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Listener } from "#src/sources/source.ts";
import type { Log } from "#src/telemetry/log.ts";
import type { Intake } from "#src/pipeline/intake/intake.ts";
import { closeChannel } from "./open-channel.ts";
import type { RunningChannel } from "#src/pipeline/running-channel.ts";
import type { Worker } from "#src/pipeline/worker.ts";

/** What the API and the operator see of one channel. */
export interface ChannelStatus {
  readonly id: string;
  readonly title: string;
  readonly source: string;
  readonly state: "running" | "refused";
  /** Why the file's newest version is not the one running, or nothing is. */
  readonly problems: readonly string[];
  readonly destinations: readonly { readonly id: string; readonly type: string }[];
}

/** What was read from the channel files: channels fit to run, and the reasons of those that are not, by channel id. */
export interface Wanted {
  readonly channels: readonly Channel[];
  readonly refused: ReadonlyMap<string, readonly string[]>;
}

interface Deployed {
  readonly channel: Channel;
  readonly running: RunningChannel;
  readonly listener: Listener | undefined;
}

export interface Deployment {
  /**
   * Starts, replaces and stops channels until they are as wanted; a refused channel's running version stays.
   * @returns the ids of sound channels of which nothing runs, because they could not be started
   */
  apply(wanted: Wanted): Promise<readonly string[]>;
  /** Stops the work of these channels, and lets that of others go on; what arrives is taken in as ever. */
  pause(channels: ReadonlySet<string>): Promise<void>;
  get(id: string): RunningChannel | undefined;
  all(): RunningChannel[];
  status(): ChannelStatus[];
  /** Closes the listening sockets, so that nothing new arrives. */
  stopListening(): Promise<void>;
  /** Closes every connector; called after the worker has drained. */
  close(): Promise<void>;
}

interface DeploymentDeps {
  readonly intake: Intake;
  readonly worker: Worker;
  readonly log: Log;
  open(channel: Channel): RunningChannel;
  journal(
    action: "channel.deployed" | "channel.refused" | "channel.removed",
    channel: string,
    detail: Record<string, string>,
  ): Promise<void>;
}

export function createDeployment(deps: DeploymentDeps): Deployment {
  const deployed = new Map<string, Deployed>();
  let refused = new Map<string, readonly string[]>();
  const paused = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();

  /** One change at a time: a channel that is being replaced is not let go on meanwhile. */
  function inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = last.then(change, change);
    last = turn;
    return turn;
  }

  /**
   * Starts a channel, in place of the version that runs. Webhooks meet one version or the other, never none: the new
   * one takes over before the old one's turns have ended. Only a socket of the source's own must be closed first.
   * Throws with the earlier version still (or again) running.
   */
  async function start(channel: Channel): Promise<void> {
    const old = deployed.get(channel.id);
    const running = deps.open(channel);
    try {
      await old?.listener?.close();
      const listener = await listen(deps, running);
      deployed.set(channel.id, { channel, running, listener });
      // Whoever sees the new version must not see what was wrong with the one before.
      refused.delete(channel.id);
    } catch (error) {
      await closeChannel(running);
      if (old?.listener) deployed.set(channel.id, { ...old, listener: await listen(deps, old.running) });
      throw error;
    }
    if (old) {
      await deps.worker.stop(channel.id);
      await closeChannel(old.running);
    }
    if (!paused.has(channel.id)) deps.worker.start(running);
    await deps.journal("channel.deployed", channel.id, { digest: channel.digest, ...insecureOf(channel) });
    const port = deployed.get(channel.id)?.listener?.port;
    deps.log("info", "channel.deployed", { channel: channel.id, ...(port !== undefined && { port }) });
  }

  async function stop(id: string): Promise<void> {
    const old = deployed.get(id);
    if (!old) return;
    await old.listener?.close();
    await deps.worker.stop(id);
    deployed.delete(id);
    await closeChannel(old.running);
  }

  async function remove(id: string): Promise<void> {
    if (!deployed.has(id)) return;
    await stop(id);
    await deps.journal("channel.removed", id, {});
    deps.log("warn", "channel.removed", { channel: id });
  }

  async function refuse(id: string, problems: readonly string[]): Promise<void> {
    if (refused.get(id)?.join() === problems.join()) return;
    await deps.journal("channel.refused", id, { problems: String(problems.length) });
    deps.log("error", "channel.refused", { channel: id, problems: problems.join("; ") });
  }

  async function apply(wanted: Wanted): Promise<readonly string[]> {
    const current = [...deployed.values()].map(({ channel }) => channel);
    const steps = plan(current, wanted.channels);
    const reasons = new Map(wanted.refused);
    for (const { id } of steps.stop) if (!wanted.refused.has(id)) await remove(id);
    const begun = [...steps.replace.map(({ to }) => to.id), ...steps.start.map(({ id }) => id)];
    for (const channel of [...steps.replace.map(({ to }) => to), ...steps.start]) {
      try {
        await start(channel);
      } catch (error) {
        reasons.set(channel.id, [channel.concealed(reasonOf(error))]);
      }
    }
    for (const [id, problems] of reasons) await refuse(id, problems);
    // One that is deployed says so; another's file is gone, or as it was before.
    const over = [...refused.keys()].filter((id) => !reasons.has(id) && !begun.includes(id));
    for (const channel of over) deps.log("info", "channel.refusal_over", { channel });
    refused = reasons;
    return wanted.channels.map(({ id }) => id).filter((id) => !deployed.has(id));
  }

  async function pause(wanted: ReadonlySet<string>): Promise<void> {
    const stopped = [...wanted].filter((id) => !paused.has(id));
    const over = [...paused].filter((id) => !wanted.has(id));
    for (const id of stopped) paused.add(id);
    for (const id of over) {
      paused.delete(id);
      const running = deployed.get(id)?.running;
      if (running) deps.worker.start(running);
      deps.log("info", "channel.resumed", { channel: id });
    }
    for (const channel of stopped) deps.log("warn", "channel.paused", { channel });
    await Promise.all(stopped.map((id) => deps.worker.stop(id)));
  }

  return {
    apply: (wanted) => inTurn(() => apply(wanted)),
    pause: (channels) => inTurn(() => pause(channels)),
    get: (id) => deployed.get(id)?.running,
    all: () => [...deployed.values()].map(({ running }) => running),
    status: () => [
      ...[...deployed.values()].map(({ channel }) => statusOf(channel, refused.get(channel.id) ?? [])),
      ...[...refused].filter(([id]) => !deployed.has(id)).map(([id, problems]) => refusedStatus(id, problems)),
    ],
    stopListening: async () => {
      await Promise.all(Array.from(deployed.values(), async ({ listener }) => listener?.close()));
    },
    close: async () => {
      await Promise.all([...deployed.values()].map(({ running }) => closeChannel(running)));
    },
  };
}

/**
 * Why its listener is open to everybody on the network, or others are asked over plain HTTP, by connector; whoever deploys it
 * answers for that.
 */
function insecureOf({ sourceConfig, identity, destinations }: Channel): Record<string, string> {
  const connectors = [
    ["insecure", sourceConfig] as const,
    ["insecure_lookup", identity?.lookup] as const,
    ...destinations.map(({ id, config }) => [`insecure_${id}`, config] as const),
  ];
  return Object.fromEntries(
    connectors.flatMap(([name, config]) => {
      const said = typeof config === "object" && config !== null && "insecure" in config ? config.insecure : undefined;
      return typeof said === "string" ? [[name, said]] : [];
    }),
  );
}

async function listen(deps: DeploymentDeps, running: RunningChannel): Promise<Listener | undefined> {
  const { source, id } = running;
  return source.listen?.((event, cut) => deps.intake(event, [{ channel: id, ...cut }]));
}

function statusOf(channel: Channel, problems: readonly string[]): ChannelStatus {
  const destinations = channel.destinations.map(({ id, spec }) => ({ id, type: spec.type }));
  return { id: channel.id, title: channel.title, source: channel.sourceType, state: "running", problems, destinations };
}

function refusedStatus(id: string, problems: readonly string[]): ChannelStatus {
  return { id, title: "", source: "", state: "refused", problems, destinations: [] };
}

function reasonOf(error: unknown): string {
  if (error instanceof BotenstoffError) return `${error.message} (${error.remedy})`;
  return Error.isError(error) ? error.message : "unknown error";
}
