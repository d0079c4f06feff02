import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { COUNTERS, GAUGES, STORE_GAUGES, type GaugeName } from "#src/telemetry/metric-list.ts";
import type { Metrics } from "#src/telemetry/metrics.ts";
import type { Clock } from "#src/message/clock.ts";
import type { TaskBacklog } from "#src/store/sql/clearing-clock.ts";
import type { Unconfirmed } from "#src/store/sql/waits.ts";
import type { StageBacklog } from "#src/store/sql/messages.ts";

/** What is read from the store when somebody scrapes. */
export interface MetricsDeps {
  countMessages(): Promise<readonly { channel: string; state: string; count: number }[]>;
  stageBacklogs(): Promise<readonly StageBacklog[]>;
  oldestUnfiled(): Promise<Date | null>;
  countWaits?(): Promise<readonly { channel: string; state: string; count: number }[]>;
  countRehomings?(): Promise<readonly { channel: string; kind: string; count: number }[]>;
  oldestUnconfirmed?(): Promise<readonly Unconfirmed[]>;
  directoryIsEmpty?(): Promise<boolean>;
  taskBacklogs?(): Promise<readonly TaskBacklog[]>;
  readonly now: Clock;
}

/** The engine's metrics with their exposition. */
export interface MetricsRegistry extends Metrics {
  readonly contentType: string;
  /** Prometheus' text format. Never fails: without the store, `botenstoff_store_up` is 0 and its gauges are absent. */
  render(): Promise<string>;
  /** The counters and gauges as they are now, for the alerts. */
  samples(): Promise<Sample[]>;
  /** The values of a gauge whose values their owners keep. */
  offered(name: GaugeName): { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

/** One value of one metric: "botenstoff_lanes_parked" of a channel and a stage. */
export interface Sample {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Seconds; the promise to a clinician is made in seconds, the limit of a hopeless retry in hours. */
const LATENCY_BUCKETS_S = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600];

/** Gauges of prom-client's with the suffix of a counter, which promtool refuses; `nodejs_active_resources` says the same by type. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** Scrapes within this share one look into the store. */
const FRESH_MS = 5_000;

export function createMetrics(deps: MetricsDeps): MetricsRegistry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  const counters = new Map(
    Object.entries(COUNTERS).map(([name, { help, labels }]) => [name, counter(registry, name, help, labels)] as const),
  );
  const latency = new Histogram({
    name: "botenstoff_delivery_latency_seconds",
    help: "From receipt to acceptance at the destination.",
    labelNames: ["channel", "destination"],
    buckets: LATENCY_BUCKETS_S,
    registers,
  });
  const collect = storeGauges(deps, registry);
  let collected: { readonly at: number; readonly done: Promise<void> } | undefined;

  const count: Metrics["count"] = (name, labels, by = 1) => counters.get(name)?.inc(labels, by);

  const look = async () => {
    const now = deps.now();
    // A clock set back must not keep an old look fresh.
    if (!collected || Math.abs(now - collected.at) >= FRESH_MS) collected = { at: now, done: collect() };
    await collected.done;
  };

  return {
    contentType: registry.contentType,
    render: async () => {
      await look();
      return registry.metrics();
    },
    samples: async () => {
      await look();
      const known = (await registry.getMetricsAsJSON()).filter(({ name }) => name.startsWith("botenstoff_"));
      return known.flatMap(({ name, values }) =>
        values.map(({ labels, value }) => ({ metric: name, labels: textOf(labels), value })),
      );
    },
    observeDelivery: (channel, destination, seconds) => {
      // A clock that was set back in between makes it negative, and a sum that falls looks like a restart.
      latency.observe({ channel, destination }, Math.max(seconds, 0));
      count("delivery_accepted", { channel, destination });
    },
    count,
    ...offeredGauges(registry),
  };
}

/** Labels as they were given: texts. */
function textOf(labels: Readonly<Partial<Record<string, string | number>>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));
}

/** Gauges whose values their owners keep. */
function offeredGauges(registry: Registry): Pick<MetricsRegistry, "gauge" | "offered"> {
  type Offer = { readonly labels: Readonly<Record<string, string>>; readonly read: () => number | undefined };
  const known = new Map<string, Map<string, Offer>>();
  const gauge: Metrics["gauge"] = (name, labels, read) => {
    let offers = known.get(name);
    if (!offers) {
      const mine = new Map<string, Offer>();
      known.set(name, mine);
      offers = mine;
      new Gauge({
        name: `botenstoff_${name}`,
        help: GAUGES[name].help,
        labelNames: [...GAUGES[name].labels],
        registers: [registry],
        collect() {
          this.reset();
          // One without labels is set to 0 by that, which says something nobody measured, and opens alerts.
          if (GAUGES[name].labels.length === 0) this.remove();
          for (const { labels: at, read: readNow } of mine.values()) {
            const value = readNow();
            if (value !== undefined) this.set(at, value);
          }
        },
      });
    }
    offers.set(JSON.stringify(labels), { labels, read });
  };
  return {
    gauge,
    offered: (name) =>
      [...(known.get(name)?.values() ?? [])].flatMap(({ labels, read }) => {
        const value = read();
        return value === undefined ? [] : [{ labels, value }];
      }),
  };
}

function counter(registry: Registry, name: string, help: string, labels: readonly string[]): Counter {
  return new Counter({ name: `botenstoff_${name}_total`, help, labelNames: [...labels], registers: [registry] });
}

/** The gauges that are read from the store. @returns reads them; resolves in any case */
function storeGauges(deps: MetricsDeps, registry: Registry): () => Promise<void> {
  const gauge = (name: keyof typeof STORE_GAUGES) => {
    const { help, labels } = STORE_GAUGES[name];
    return new Gauge({ name: `botenstoff_${name}`, help, labelNames: [...labels], registers: [registry] });
  };
  const up = gauge("store_up");
  const messages = gauge("messages");
  const open = gauge("queue_open");
  const age = gauge("queue_age_seconds");
  const lanes = gauge("lanes");
  const parked = gauge("lanes_parked");
  const unfiled = gauge("oldest_unfiled_seconds");
  const rehomings = gauge("rehomings");
  const unconfirmed = gauge("unconfirmed_age_seconds");
  const empty = gauge("directory_empty");
  const awaited = gauge("attachments_awaited");
  const tasks = gauge("clearing_tasks");
  const overdue = gauge("clearing_overdue_seconds");
  const escalated = gauge("clearing_escalated");
  const all = [
    messages,
    open,
    age,
    lanes,
    parked,
    unfiled,
    rehomings,
    unconfirmed,
    empty,
    awaited,
    tasks,
    overdue,
    escalated,
  ];

  return async () => {
    try {
      const [counts, backlogs, oldest, rehomed, notShown, nobody, waits, backlogsOfTasks] = await Promise.all([
        deps.countMessages(),
        deps.stageBacklogs(),
        deps.oldestUnfiled(),
        deps.countRehomings?.() ?? [],
        deps.oldestUnconfirmed?.() ?? [],
        deps.directoryIsEmpty?.() ?? false,
        deps.countWaits?.() ?? [],
        deps.taskBacklogs?.() ?? [],
      ]);
      const ageOf = (since: Date | null) => (since ? Math.max(0, deps.now() - since.getTime()) / 1_000 : 0);
      for (const one of all) one.reset();
      for (const { channel, state, count } of counts) messages.set({ channel, state }, count);
      for (const backlog of backlogs) {
        const at = { channel: backlog.channel, stage: backlog.stage };
        open.set(at, backlog.open);
        age.set(at, ageOf(backlog.oldest));
        lanes.set(at, backlog.lanes);
        parked.set(at, backlog.parked);
      }
      for (const { channel, state, count } of waits) awaited.set({ channel, state }, count);
      for (const { channel, kind, count } of rehomed) rehomings.set({ channel, kind }, count);
      for (const { channel, destination, oldest: since } of notShown)
        unconfirmed.set({ channel, destination }, ageOf(since));
      for (const { channel, due, ...counts } of backlogsOfTasks) {
        for (const state of ["open", "proposed", "locked"] as const) tasks.set({ channel, state }, counts[state]);
        overdue.set({ channel }, ageOf(due));
        escalated.set({ channel }, counts.escalated);
      }
      empty.set(nobody ? 1 : 0);
      unfiled.set(ageOf(oldest));
      up.set(1);
    } catch {
      // What is not known must not look like yesterday's value.
      for (const one of all) one.reset();
      unfiled.remove();
      up.set(0);
    }
  };
}
