import { setTimeout as sleep } from "node:timers/promises";
import type { FhirBehaviour } from "#src/simulators/kis/fhir.ts";
import type { MllpBehaviour } from "#src/simulators/kis/mllp.ts";
import type { MediaBehaviour } from "#src/simulators/whatsapp-cloud/media.ts";
import { CLOCK_FAULTS } from "./clock-faults.ts";
import { STEPS } from "./crash-at.ts";
import { DISK_FAULTS } from "./disk-faults.ts";
import type { History } from "./history.ts";
import { INPUT_FAULTS } from "./input-faults.ts";
import type { Random } from "./random.ts";
import { LEASE_MS, type EngineSlot, type Setting, type Wishes } from "./setting.ts";
import type { Weather } from "./proxy.ts";

/** Something that goes wrong. Resolves when it is over and repaired. */
export interface Fault {
  readonly name: string;
  /** What the setting must have for it. */
  readonly needs?: keyof Wishes;
  /** Where the machine cannot play it, it says so in `setting.notPlayed`. */
  inject(setting: Setting, random: Random, tell: (what: string) => void, history: History): Promise<void>;
}

const running = (setting: Setting) => setting.engines.filter((slot) => slot.process);

async function withEngine(setting: Setting, random: Random, act: (slot: EngineSlot) => Promise<void>): Promise<void> {
  const alive = running(setting);
  if (alive.length > 0) await act(random.pick(alive));
}

/** `ack_timeout_secs` of the channel. */
const ACK_TIMEOUT_MS = 2_000;
const MLLP: readonly MllpBehaviour[] = [
  "wrong-control-id",
  "split",
  "missing",
  "hang-up-after-read",
  "busy-207",
  "garbage",
  { lateMs: 300 },
  // Later than the engine waits: the acknowledgement must not be taken for the next message's.
  { lateMs: ACK_TIMEOUT_MS + 500 },
  "stale",
  "unknown-patient-204",
  "AE",
  "AR",
  "ack",
];
const FHIR: readonly FhirBehaviour[] = [
  ...[409, 412, 429, 500, 503].map((status) => ({ on: "transaction", status }) as const),
  ...[500, 503].map((status) => ({ on: "transaction", status, afterCommit: true }) as const),
  { on: "transaction", fault: "hang-up-after-commit" },
  { on: "transaction", fault: "silence-after-commit" },
  { on: "read", lie: "absent" },
  { on: "read", lie: "other-patient" },
  { on: "read", lie: "truncated" },
];
const GRAPH: readonly MediaBehaviour[] = [
  ...[401, 429, 500, 503].map((status) => ({ on: "lookup", status }) as const),
  { on: "download", fault: "truncated" },
  { on: "download", fault: "reset" },
  { on: "download", status: 404 },
  { on: "download", fault: "wrong-bytes" },
  { on: "lookup", status: 404 },
];
const WEATHERS: readonly Weather[] = [
  { kind: "latency", ms: 120 },
  { kind: "slices", bytes: 7 },
  { kind: "down" },
  { kind: "black-hole" },
  { kind: "half-open" },
];

/** Steps of a purge, which several engines share: an engine comes to one every few seconds at most. */
const ONCE_AN_EPOCH = new Set(["survivors", "entomb", "drop", "certificate"]);
const COMES_WITHIN_MS = 10_000;

const some = <T>(random: Random, from: readonly T[]) =>
  Array.from({ length: random.int(1, 5) }, () => random.pick(from));

export const FAULTS: readonly Fault[] = [
  {
    name: "an engine is killed",
    inject: (setting, random, tell) =>
      withEngine(setting, random, async (slot) => {
        await setting.end(slot, "SIGKILL");
        tell(`${slot.name} is killed`);
        await sleep(random.int(0, 1_500));
        await setting.start(slot);
      }),
  },
  {
    name: "an engine dies at a named step",
    inject: (setting, random, tell) =>
      withEngine(setting, random, async (slot) => {
        const name = random.pick(Object.keys(STEPS));
        const step = `${name}:${random.pick(["before", "after"])}`;
        const nth = random.int(1, 4);
        await setting.end(slot, "SIGKILL");
        tell(`${slot.name} will die ${step}`);
        const crash = { CRASH_AT: step, CRASH_NTH: String(ONCE_AN_EPOCH.has(name) ? 1 : nth) };
        await setting.start(slot, crash, 1).catch(() => tell(`${slot.name} died while starting`));
        const died = await Promise.race([slot.process?.ended.then(() => true), sleep(COMES_WITHIN_MS, false)]);
        tell(died ? `${slot.name} died ${step}` : `${slot.name} never came to ${step}`);
        if (!died) setting.notPlayed.add(`${slot.name} never came to ${step}`);
        await setting.end(slot, "SIGKILL");
        await setting.start(slot);
      }),
  },
  {
    name: "an engine is paused for longer than its lease",
    inject: (setting, random, tell) =>
      withEngine(setting, random, async (slot) => {
        const pid = slot.process?.pid ?? 0;
        process.kill(pid, "SIGSTOP");
        tell(`${slot.name} is paused`);
        await sleep(LEASE_MS + random.int(300, 1_500));
        process.kill(pid, "SIGCONT");
        tell(`${slot.name} goes on`);
      }),
  },
  {
    name: "the engines are restarted one after the other",
    inject: async (setting, _random, tell) => {
      for (const slot of running(setting)) {
        tell(`${slot.name} is stopped`);
        await setting.end(slot, "SIGTERM");
        await setting.start(slot);
      }
    },
  },
  {
    name: "PostgreSQL is killed",
    inject: async (setting, random, tell) => {
      await setting.killPostgres();
      tell("PostgreSQL is killed");
      await sleep(random.int(0, 1_500));
      await setting.reachPostgres();
      tell("PostgreSQL runs");
    },
  },
  {
    name: "the clock of an engine jumps",
    inject: (setting, random, tell) =>
      withEngine(setting, random, async (slot) => {
        const clockOffsetMs = random.pick([-3_600_000, -5_000, 4_000, 60_000]);
        slot.process?.tell({ clockOffsetMs });
        tell(`the clock of ${slot.name} jumps by ${clockOffsetMs} ms`);
        await sleep(random.int(500, 2_000));
        slot.process?.tell({ clockOffsetMs: 0 });
        tell(`the clock of ${slot.name} is right again`);
      }),
  },
  {
    name: "the KIS misbehaves",
    inject: async (setting, random, tell) => {
      const [mllp, fhir] = [some(random, MLLP), some(random, FHIR)];
      tell(`MLLP will do ${JSON.stringify(mllp)}, FHIR ${JSON.stringify(fhir)}`);
      setting.world.mllp.behave(mllp);
      setting.world.fhir.behave(fhir);
      await sleep(random.int(500, 2_500));
      setting.world.mllp.behave([]);
      setting.world.fhir.behave([]);
      tell("the KIS is well again");
    },
  },
  {
    name: "the Graph API misbehaves",
    inject: async (setting, random, tell) => {
      const graph = some(random, GRAPH);
      tell(`the Graph API will do ${JSON.stringify(graph)}`);
      setting.world.whatsapp.behave(graph);
      await sleep(random.int(500, 2_000));
      setting.world.whatsapp.behave([]);
      tell("the Graph API is well again");
    },
  },
  {
    name: "the network misbehaves",
    inject: async (setting, random, tell) => {
      const [name, proxy] = random.pick(Object.entries(setting.network));
      const weather = random.pick(WEATHERS);
      proxy.set(weather);
      tell(`the way to ${name}: ${JSON.stringify(weather)}`);
      await sleep(random.int(300, 2_500));
      proxy.set({ kind: "fair" });
      tell(`the way to ${name} is fair`);
    },
  },
  {
    name: "the KIS takes one connection only",
    inject: async (setting, random, tell) => {
      setting.network.mllp.set({ kind: "one-at-a-time" });
      tell("the way to mllp: one connection at a time");
      await sleep(random.int(500, 2_500));
      setting.network.mllp.set({ kind: "fair" });
      tell("the way to mllp is fair");
    },
  },
  {
    name: "an engine brings a migration",
    inject: (setting, random, tell) =>
      withEngine(setting, random, async (slot) => {
        await setting.end(slot, "SIGTERM");
        tell(`${slot.name} comes back with a migration`);
        await setting.start(slot, { EXTRA_MIGRATION: "1" });
      }),
  },
  {
    name: "connections are reset",
    inject: async (setting, random, tell) => {
      const [name, proxy] = random.pick(Object.entries(setting.network));
      for (let times = random.int(1, 5); times > 0; times -= 1) {
        proxy.reset();
        await sleep(random.int(20, 200));
      }
      tell(`every connection to ${name} was reset`);
    },
  },
  ...CLOCK_FAULTS,
  ...DISK_FAULTS,
  ...INPUT_FAULTS,
];
