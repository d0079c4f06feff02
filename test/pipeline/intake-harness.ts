import { createMetrics } from "#src/api/routes/metrics.ts";
import { createContacts } from "#src/identity/contacts.ts";
import type { PipelineDeps } from "#src/pipeline/deps.ts";
import { HandOver } from "#src/lanes/hand-over.ts";
import { createIntake } from "#src/pipeline/intake/intake.ts";
import { createLeases } from "#src/lanes/lease.ts";
import type { ToPrepare } from "#src/pipeline/prepare/prepare.ts";
import type { RunningChannel } from "#src/pipeline/running-channel.ts";
import { shareOut } from "#src/pipeline/intake/share-out.ts";
import { createWatch } from "#src/lanes/watch.ts";
import { cut } from "#src/sources/whatsapp/payload.ts";
import { createEpochs } from "#src/store/epochs.ts";
import { createTestStore } from "../support/database.ts";
import { createTestKeys } from "../support/keys.ts";

export const NOW = Date.parse("2026-11-24T10:00:00.000Z");
export const HOUR_MS = 3_600_000;
/** The channels that run, by the business number each owns. */
export const NUMBERS = { first: "106540352242922", second: "106540352242923" } as const;

/** Intake on a real database: bodies as a provider posts them go in at the first channel. */
export async function createIntakeHarness() {
  const database = await createTestStore();
  const keys = await createTestKeys();
  const logged: unknown[][] = [];
  const woken: string[] = [];
  const journal: { action: string; subject: string }[] = [];
  const world = { now: NOW };
  const retention = { afterFiledMs: 24 * HOUR_MS, hardMaxAgeMs: 720 * HOUR_MS, unknownSenderMs: 168 * HOUR_MS };
  const metrics = createMetrics({
    countMessages: async () => [],
    stageBacklogs: async () => [],
    oldestUnfiled: async () => null,
    now: () => world.now,
  });
  const epochs = createEpochs(database.store, HOUR_MS);
  const deps = {
    store: database.store,
    epochs,
    ...keys,
    channels: (id: string) => (id in NUMBERS ? ({ id, retention } as RunningChannel) : undefined),
    clock: () => world.now,
    retainFrom: () => world.now,
    log: (...line: unknown[]) => void logged.push(line),
    metrics,
    journal: async (_db: unknown, action: string, subject: string) => void journal.push({ action, subject }),
    contacts: createContacts({ store: database.store, ...keys }),
    owner: "test",
    leaseMs: 20_000,
  } as unknown as PipelineDeps;
  const leases = createLeases(deps);
  const handOver = new HandOver<ToPrepare>(leases);
  for (const channel of Object.keys(NUMBERS)) {
    handOver.register({
      ...{ channel, stage: "prepare", reserve: () => 0, begin: () => undefined },
      wake: () => void woken.push(channel),
    });
  }
  const intake = createIntake(deps, createWatch(database.store), handOver);

  async function take(body: unknown) {
    const event = { raw: Buffer.from(JSON.stringify(body)), receivedAt: new Date(world.now).toISOString() };
    const owner = (address: string) => (address === `whatsapp:${NUMBERS.second}` ? "second" : undefined);
    return intake(event, shareOut("first", cut(event, NUMBERS.first), owner));
  }

  return {
    store: database.store,
    ...keys,
    epochs,
    deps,
    metrics,
    logged,
    woken,
    journal,
    world,
    take,
    rows: async <Row extends object>(sql: string) => (await database.store.query<Row>(sql)).rows,
    clear: async () => {
      await database.store.query(
        "TRUNCATE message, event, attachment, notice, outbound_status, seen, lane, contact, number_left",
      );
      for (const list of [logged, woken, journal]) list.length = 0;
      world.now = NOW;
    },
    close: async () => {
      leases.stop();
      await database[Symbol.asyncDispose]();
      await keys[Symbol.asyncDispose]();
    },
  };
}

export type IntakeHarness = Awaited<ReturnType<typeof createIntakeHarness>>;

export function change(value: unknown, field = "messages") {
  return { entry: [{ id: "1", changes: [{ field, value }] }] };
}

/** The value of a `messages` change. */
export function value(members: object, number: string = NUMBERS.first) {
  return { metadata: { phone_number_id: number }, ...members };
}

export function text(id: string, from = "4915112345678") {
  return { id, from, timestamp: "1795500000", type: "text", text: { body: "Guten Tag" } };
}
