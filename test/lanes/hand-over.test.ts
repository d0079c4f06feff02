import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { HandOver, type Filled } from "#src/lanes/hand-over.ts";
import { createLeases } from "#src/lanes/lease.ts";
import type { PipelineDeps } from "#src/pipeline/deps.ts";
import type { Prepared } from "#src/pipeline/prepare/prepare.ts";
import { lanesToDeliver } from "#src/pipeline/deliver/to-deliver.ts";
import { createEpochs } from "#src/store/epochs.ts";
import type { Queryable } from "#src/store/queryable.ts";
import { storeIntake, type IntakeRow, type StoredIntake } from "#src/store/sql/intake.ts";
import { openLanes, type ClaimedLane } from "#src/store/sql/lanes.ts";
import { settlePrepared, type PreparedRow } from "#src/store/sql/prepare.ts";
import type { Queued } from "#src/store/sql/queue.ts";
import { createTestStore, type TestStore } from "../support/database.ts";

const LEASE = { owner: "this engine", leaseMs: 600_000 };
const NOW = new Date("2026-11-24T10:00:00Z");

let database: TestStore;
let epoch: number;
let stored = 0;
beforeAll(async () => {
  database = await createTestStore();
  const epochs = createEpochs(database.store, 86_400_000);
  epoch = await epochs.current(NOW.getTime());
  await epochs.ensure(epoch);
});
afterEach(async () => {
  await database.store.query("TRUNCATE message, event, seen, lane, delivery");
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

/** A received message of a conversation. */
function message(conversation: string, channel = "c"): IntakeRow {
  stored += 1;
  const id = `00000000-0000-5000-8000-${String(stored).padStart(12, "0")}`;
  return {
    ...{
      epoch,
      id,
      eventId: id,
      channel,
      kind: "text",
      laneKey: Buffer.from(conversation),
      seenHash: Buffer.from(id.slice(-16)),
    },
    ...{ externalBi: Buffer.from(id), contactBi: null, state: "received", reason: null },
    ...{ receivedAt: NOW.toISOString(), history: "[]", sealed: Buffer.from("s"), externalId: Buffer.from("e") },
  };
}

function store(db: Queryable, messages: readonly IntakeRow[], offered = true): Promise<StoredIntake> {
  const events = messages.map(({ id, channel }) => {
    return { epoch, id, channel, receivedAt: NOW.toISOString(), raw: Buffer.from("r") };
  });
  return storeIntake(db, {
    ...{ events, messages, attachments: [] },
    handOver: { ...LEASE, offered: messages.map(() => offered) },
  });
}

const keys = (lanes: readonly ClaimedLane[]) => lanes.map(({ key }) => key.toString()).sort();

async function lanes() {
  const { rows } = await database.store.query<{ key: Buffer; stage: string; open: number; owner: string | null }>(
    "SELECT key, stage, open, owner FROM lane ORDER BY key, stage",
  );
  return rows.map(({ key, stage, open, owner }) => ({ lane: `${stage}/${key.toString()}`, open, owner }));
}

describe("intake", () => {
  test("opens a lane that is offered for the engine, with all the messages in it", async () => {
    const batch = [message("anna"), message("ben"), message("anna")];
    const { fresh, lanes: opened } = await store(database.store, batch);
    expect([...fresh.keys()].sort()).toEqual(batch.map(({ id }) => id));
    expect(keys(opened)).toEqual(["anna", "ben"]);
    expect(await lanes()).toEqual([
      { lane: "prepare/anna", open: 2, owner: LEASE.owner },
      { lane: "prepare/ben", open: 1, owner: LEASE.owner },
    ]);
  });

  test("leaves a lane that exists to whoever has it, and one that is not offered to whoever claims it", async () => {
    await store(database.store, [message("anna")]);
    expect((await store(database.store, [message("anna")])).lanes).toEqual([]);
    expect((await store(database.store, [message("ben")], false)).lanes).toEqual([]);
    expect(await lanes()).toEqual([
      { lane: "prepare/anna", open: 2, owner: LEASE.owner },
      { lane: "prepare/ben", open: 1, owner: null },
    ]);
  });

  test("hands over nothing of a duplicate", async () => {
    const batch = [message("anna")];
    await store(database.store, batch);
    await database.store.query("TRUNCATE lane");
    expect(await store(database.store, batch)).toEqual({ fresh: new Map(), lanes: [] });
    expect(await lanes()).toEqual([]);
  });
});

describe("routing", () => {
  const ANNA: ClaimedLane = {
    ...{ channel: "c", stage: "prepare", key: Buffer.from("anna"), token: 1, failures: 0, open: 1 },
  };
  let row: IntakeRow;
  beforeEach(async () => {
    row = message("anna");
    await store(database.store, [row], false);
    await database.store.query("TRUNCATE lane");
  });

  const route = (destinations: readonly string[], offered: (stage: string) => boolean): Promise<Queued> => {
    const prepared: PreparedRow = {
      ...{
        lane: ANNA,
        epoch,
        id: row.id,
        seq: 1,
        filing: 1,
        state: "routed",
        reason: null,
        lastError: null,
        patientBi: null,
      },
      ...{ routed: Buffer.from("r"), retainUntil: null, destinations, day: null, earlier: [] },
    };
    const handOver = { ...LEASE, offered: ({ stage }: { stage: string }) => offered(stage) };
    return database.store.transaction((db) => settlePrepared(db, [prepared], NOW, handOver));
  };
  const deliveries = async () => {
    const { rows } = await database.store.query<{ destination: string; state: string; attempts: number }>(
      "SELECT destination, state, attempts FROM delivery ORDER BY destination",
    );
    return rows;
  };

  test("marks a delivery `sending` in a lane that is opened for the engine, and queues it in any other", async () => {
    await openLanes(database.store, [{ channel: "c", stage: "busy", key: ANNA.key, count: 1 }]);
    const queued = await route(["archive", "busy", "chart"], (stage) => stage !== "chart");
    expect(queued.sending).toMatchObject([{ messageId: row.id, destination: "archive" }]);
    expect(queued.lanes).toMatchObject([{ channel: "c", stage: "archive", key: ANNA.key, failures: 0, open: 1 }]);
    expect(await deliveries()).toEqual([
      { destination: "archive", state: "sending", attempts: 1 },
      { destination: "busy", state: "queued", attempts: 0 },
      { destination: "chart", state: "queued", attempts: 0 },
    ]);
    expect(await lanes()).toEqual([
      { lane: "archive/anna", open: 1, owner: LEASE.owner },
      { lane: "busy/anna", open: 2, owner: null },
      { lane: "chart/anna", open: 1, owner: null },
    ]);
  });

  test("sends nothing that a destination has already, and what was cancelled once more", async () => {
    for (const [destination, state] of Object.entries({ archive: "accepted", chart: "cancelled" })) {
      await database.store.query(
        `INSERT INTO delivery (epoch, message_id, destination, channel, lane_key, seq, state, attempts, queued_at)
         VALUES ($1, $2, $3, 'c', $4, 1, $5, 3, now())`,
        [epoch, row.id, destination, ANNA.key, state],
      );
    }
    const queued = await route(["archive", "chart"], () => true);
    expect(queued.sending).toMatchObject([{ destination: "chart" }]);
    expect(queued.lanes).toMatchObject([{ stage: "chart", open: 1 }]);
    expect(await deliveries()).toEqual([
      { destination: "archive", state: "accepted", attempts: 3 },
      { destination: "chart", state: "sending", attempts: 1 },
    ]);
    expect(await lanes()).toEqual([{ lane: "chart/anna", open: 1, owner: LEASE.owner }]);
  });
});

describe("the lanes of what was prepared", () => {
  /** Messages of one conversation, in order, by their epochs. */
  const lanesOf = (...epochs: readonly number[]) => {
    const rows = epochs.map((epoch) => {
      return { row: { lane: { channel: "c", key: Buffer.from("anna") }, epoch, destinations: ["archive", "chart"] } };
    });
    return lanesToDeliver(rows as unknown as Prepared[]).map(({ stage }) => stage);
  };

  test("can be handed over when one turn takes all that is in them", () => {
    expect(lanesOf(1)).toEqual(["archive", "chart"]);
    expect(lanesOf(...Array<number>(10).fill(1))).toEqual(["archive", "chart"]);
    expect(lanesOf(...Array<number>(11).fill(1))).toEqual([]);
  });

  test("cannot when a later message lies in an earlier epoch: it would go first", () => {
    expect(lanesOf(2, 1)).toEqual([]);
  });
});

describe("a hand-over", () => {
  /** A receiver with so much room, and what became of it. */
  function receiverOf(room: number) {
    const happened: { begun: Filled<string>[]; freed: number; woken: number } = { begun: [], freed: 0, woken: 0 };
    const receiver = {
      ...{ channel: "c", stage: "prepare" },
      reserve: (wanted: number) => Math.min(wanted, room),
      begin: (reserved: number, filled: readonly Filled<string>[]) => {
        happened.freed += reserved;
        happened.begun.push(...filled);
      },
      wake: () => void (happened.woken += 1),
    };
    return { receiver, happened };
  }

  const leases = () => createLeases({ ...LEASE, store: database.store, clock: Date.now } as unknown as PipelineDeps);
  const wanted = ["anna", "ben"].map((key) => ({ channel: "c", stage: "prepare", key: Buffer.from(key) }));

  async function open(room: number, run: (offered: (key: string) => boolean) => Promise<readonly ClaimedLane[]>) {
    const held = leases();
    const handOver = new HandOver<string>(held);
    const { receiver, happened } = receiverOf(room);
    handOver.register(receiver);
    const result = await handOver
      .open(wanted, async (offered) => {
        const opened = await run((key) => offered({ channel: "c", stage: "prepare", key: Buffer.from(key) }));
        return { result: "stored", lanes: new Map(opened.map((lane) => [lane, [`work of ${lane.key.toString()}`]])) };
      })
      .finally(() => held.stop());
    return { result, happened };
  }

  test("starts the turns of the lanes that were opened, and wakes nobody", async () => {
    const batch = [message("anna"), message("ben")];
    const { result, happened } = await open(2, async () => (await store(database.store, batch)).lanes);
    expect(result).toBe("stored");
    expect(happened.begun.flatMap(({ works }) => works).sort()).toEqual(["work of anna", "work of ben"]);
    expect(happened.begun.every(({ leased }) => leased.valid())).toBe(true);
    expect(happened).toMatchObject({ freed: 2, woken: 0 });
  });

  test("offers as many lanes as there is room for, and has the others claimed", async () => {
    const { happened } = await open(1, async (offered) => {
      expect([offered("anna"), offered("ben")]).toEqual([true, false]);
      return (await store(database.store, [message("anna")])).lanes;
    });
    expect(happened).toMatchObject({ freed: 1, woken: 1 });
    expect(happened.begun.flatMap(({ works }) => works)).toEqual(["work of anna"]);
  });

  test("that failed frees its places", async () => {
    const failing = receiverOf(2);
    const held = leases();
    const handOver = new HandOver<string>(held);
    handOver.register(failing.receiver);
    await expect(handOver.open(wanted, () => Promise.reject(new Error("the database is away")))).rejects.toThrow(
      "away",
    );
    held.stop();
    expect(failing.happened).toMatchObject({ freed: 2, begun: [] });
  });

  test("offers nothing while lanes are given back, and does not wait for that", async () => {
    const asked = Promise.withResolvers<undefined>();
    const query = () => {
      asked.resolve(undefined);
      return new Promise(() => undefined);
    };
    const held = createLeases({ ...LEASE, store: { query }, clock: Date.now } as unknown as PipelineDeps);
    held.giveBack({ ...wanted[0]!, token: 1, failures: 0, open: 1 });
    await asked.promise;
    const handOver = new HandOver<string>(held);
    const { receiver, happened } = receiverOf(2);
    handOver.register(receiver);
    const offers = await handOver.open(wanted, async (offered) => ({ result: wanted.map(offered), lanes: new Map() }));
    held.stop();
    expect(offers).toEqual([false, false]);
    expect(happened).toMatchObject({ freed: 0, begun: [], woken: 1 });
  });
});
