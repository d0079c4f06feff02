import { z } from "zod";
import { createMetrics } from "#src/api/routes/metrics.ts";
import { escalate } from "#src/clearing/escalate.ts";
import { bringUpToDate } from "#src/clearing/tasks.ts";
import { createClearing } from "#src/clearing/clearing.ts";
import type { Decider } from "#src/clearing/deps.ts";
import { createContacts } from "#src/identity/contacts.ts";
import { createDirectory } from "#src/identity/directory.ts";
import { resolveDecided } from "#src/identity/resolve.ts";
import { createResolver } from "#src/identity/resolver.ts";
import { HandOver } from "#src/lanes/hand-over.ts";
import { createLeases } from "#src/lanes/lease.ts";
import { createExamination } from "#src/lanes/suspicion.ts";
import { createWatch } from "#src/lanes/watch.ts";
import type { DirectoryUpdate } from "#src/message/directory.ts";
import type { MappingContext } from "#src/message/mapping.ts";
import type { Message } from "#src/message/message.ts";
import type { PipelineDeps } from "#src/pipeline/deps.ts";
import { followDirectory } from "#src/pipeline/follow/readdress.ts";
import { createIntake } from "#src/pipeline/intake/intake.ts";
import { shareOut } from "#src/pipeline/intake/share-out.ts";
import type { RunningChannel } from "#src/pipeline/running-channel.ts";
import { createSettle } from "#src/pipeline/settle.ts";
import { createWorker } from "#src/pipeline/worker.ts";
import { createBlindIndex } from "#src/seal/blind-index.ts";
import { openFileKeyring } from "#src/seal/keyring/file-keyring.ts";
import { createSealer } from "#src/seal/sealer.ts";
import { batch, type Update } from "#src/simulators/whatsapp-cloud/payload.ts";
import { cut } from "#src/sources/whatsapp/payload.ts";
import type { Store } from "#src/store/data-source.ts";
import { createEpochs } from "#src/store/epochs.ts";

const CHANNEL = "simulated";
const NUMBER = "106540352242922";
const DAY_MS = 86_400_000;
/** One epoch for the whole year: what is simulated is whose a message is, not its purge. */
const EPOCH_MS = 800 * DAY_MS;
const QUIET_MS = 5;

/** What was put into a chart: whose it is by its identifiers, and what was written. */
export interface Filing {
  readonly patients: readonly string[];
  readonly text: string;
}

/**
 * A hospital at a time of its own: intake, directory, identification, pipeline and clearing as they are, and a chart that
 * takes everything.
 */
export async function openHouse(
  store: Store,
  directoryOfKeys: string,
  began: number,
  onFiled: (filing: Filing) => void,
) {
  let now = began;
  const clock = () => now;
  const keyring = openFileKeyring({ directory: directoryOfKeys, masterKey: Buffer.alloc(32, 7) });
  const [sealer, blindIndex] = [createSealer(keyring, "default", clock), createBlindIndex(keyring)];
  const retention = { afterFiledMs: 400 * DAY_MS, hardMaxAgeMs: 400 * DAY_MS, unknownSenderMs: 400 * DAY_MS };
  const silent = () => undefined;
  const journal = () => Promise.resolve();
  const directory = createDirectory({
    ...{ store, sealer, blindIndex, clock },
    onChanged: (db, effects, update) => followDirectory(follow, db, effects, update, new Date(now)),
  });
  const follow = {
    ...{ sealer, blindIndex, journal },
    subjectNow: (...asked: Parameters<typeof directory.subjectNow>) => directory.subjectNow(...asked),
  };
  const contacts = createContacts({ store, sealer, blindIndex });
  const channel = runningChannel(onFiled);
  const metrics = createMetrics({
    countMessages: () => Promise.resolve([]),
    stageBacklogs: () => Promise.resolve([]),
    oldestUnfiled: () => Promise.resolve(null),
    now: clock,
  });
  const deps: PipelineDeps = {
    ...{ store, sealer, blindIndex, clock, contacts, metrics, journal },
    ...{ log: silent, leaseMs: 60_000, owner: "simulation", retainFrom: clock },
    epochs: createEpochs(store, EPOCH_MS),
    examination: createExamination(),
    resolve: createResolver(directory),
    resolveDecided: async (id, identity) => ({ ...(await resolveDecided(directory, id, identity)), forget: silent }),
    channels: (id) => (id === CHANNEL ? channel : undefined),
    // Nobody is given a code.
    redeem: () => Promise.resolve(false),
    mayStore: () => Promise.resolve(true),
    // Texts alone are written.
    get blobs(): never {
      throw new RangeError("the simulated house has no attachments");
    },
    get inspector(): never {
      throw new RangeError("the simulated house has no attachments");
    },
    get largeGate(): never {
      throw new RangeError("the simulated house has no attachments");
    },
  };
  const watch = createWatch(store);
  const leases = createLeases(deps);
  const handOvers = { prepare: new HandOver(leases), deliver: new HandOver(leases) } as Parameters<
    typeof createWorker
  >[3];
  const worker = createWorker(deps, createSettle(deps, watch, handOvers.deliver), leases, handOvers);
  const intake = createIntake(deps, watch, handOvers.prepare);
  worker.start(channel);
  const clearingDeps = {
    ...{
      store: { reading: store, transaction: store.transaction.bind(store) },
      sealer,
      blindIndex,
      directory,
      contacts,
    },
    ...{ clock, retainFrom: clock },
    policyOf: () => ({ ...channel.clearing, ...retention, requireLevel: 1 }),
    channels: () => [CHANNEL],
  };
  const clearing = createClearing(clearingDeps);
  return {
    clearing,
    sealer,
    now: clock,
    goOn: (ms: number) => void (now += ms),
    tell: (...updates: DirectoryUpdate[]) => directory.apply({ type: "update", updates }),
    /** Resolves when everything is decided, and filed or held. */
    receive: async (updates: readonly Update[]) => {
      const raw = Buffer.from(JSON.stringify(batch(NUMBER, updates)));
      const event = { raw, receivedAt: new Date(now).toISOString() };
      await intake(
        event,
        shareOut(CHANNEL, cut(event, NUMBER), () => undefined),
      );
    },
    settled: async () => {
      for (;;) {
        const { rows } = await store.query<{ open: number }>(
          "SELECT count(*)::int AS open FROM lane WHERE parked_at IS NULL AND open > 0",
        );
        if (rows[0]?.open === 0) return;
        worker.wake(CHANNEL);
        await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      }
    },
    states: async () => {
      const { rows } = await store.query<{ state: string; count: number }>(
        "SELECT state, count(*)::int AS count FROM message GROUP BY state",
      );
      return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
    },
    /** Marks what nobody has decided in time, as an engine does between two looks at the tasks. */
    escalate: async () => {
      await bringUpToDate(clearingDeps);
      await escalate({ ...clearingDeps, log: silent });
    },
    /** What is held and what its tasks say: each is escalated, or somebody would never hear of it. */
    held: async () => {
      const { rows } = await store.query<{ task: string | null; escalated: boolean | null; messages: number }>(
        `SELECT task.id AS task, task.escalated_at IS NOT NULL AS escalated, count(*)::int AS messages
         FROM message LEFT JOIN clearing_task AS task ON task.closed_at IS NULL AND task.channel = message.channel
           AND task.lane_key = message.lane_key AND task.contact_bi = coalesce(message.contact_bi, '')
         WHERE message.state = 'held' GROUP BY 1, 2`,
      );
      return rows;
    },
    person: (name: string): Decider => ({
      actor: name,
      subjectBi: blindIndex.of("person", "simulated", name),
      journal,
    }),
    close: async () => {
      await worker.drain(5_000);
      leases.stop();
    },
  };

  function runningChannel(filed: (filing: Filing) => void): RunningChannel {
    return {
      ...{ id: CHANNEL, language: "de", sourceName: "WhatsApp", ackOnly: false, retention },
      source: { split: () => [], close: () => Promise.resolve() } as never,
      attachments: { allow: [], patienceMs: 0, pdf: {} as never },
      passes: () => true,
      identity: { requireLevel: 1, reverifyAfterMs: 90 * DAY_MS },
      clearing: { fourEyes: true, dueAfterMs: DAY_MS, escalateAfterMs: DAY_MS },
      destinations: [
        {
          ...{ id: "chart", params: {}, onPermanent: "park", stopsForMs: null, shownWithinMs: DAY_MS },
          mapping: {
            name: "whose",
            output: "fhir",
            version: "1",
            params: z.unknown(),
            withdraws: false,
            addenda: false,
            map: whose,
          },
          destination: {
            concurrency: 16,
            send: ({ output }) => {
              filed(output as Filing);
              return Promise.resolve({ sentSha256: "", answer: null });
            },
            confirm: () => Promise.resolve({ state: "confirmed", evidence: null }),
            check: () => Promise.resolve(),
            close: () => Promise.resolve(),
          },
        },
      ],
    };
  }
}

export type House = Awaited<ReturnType<typeof openHouse>>;

function whose({ content }: Message, { subject }: MappingContext<unknown>): Filing {
  const patients = subject?.patient.identifiers.map(({ value }) => value) ?? [];
  return { patients, text: saidBy(content) };
}

/** What somebody wrote, or what WhatsApp says of them. */
export function saidBy(content: Message["content"]): string {
  return content.kind === "text" || content.kind === "note" ? (content.text ?? "") : "";
}
