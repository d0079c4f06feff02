import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { BotenstoffError } from "#src/message/error-code.ts";
import { attachmentId, messageId } from "#src/message/id.ts";
import { sealDraft } from "#src/pipeline/intake/arrival.ts";
import { createLargeGate } from "#src/attachments/large-gate.ts";
import type { PipelineDeps } from "#src/pipeline/deps.ts";
import { HandOver } from "#src/lanes/hand-over.ts";
import { createLeases, type Leased } from "#src/lanes/lease.ts";
import { Permits } from "#src/lanes/permits.ts";
import { prepare } from "#src/pipeline/prepare/prepare.ts";
import { prepareTurn } from "#src/pipeline/prepare/prepare-turn.ts";
import type { RunningChannel } from "#src/pipeline/running-channel.ts";
import { openMessage } from "#src/store/sealed/message.ts";
import { createSettle, type Settle } from "#src/pipeline/settle.ts";
import { takeToPrepare } from "#src/pipeline/prepare/to-prepare.ts";
import { createWatch } from "#src/lanes/watch.ts";
import { createEpochs } from "#src/store/epochs.ts";
import { storeIntake } from "#src/store/sql/intake.ts";
import { claimLanes } from "#src/store/sql/lanes.ts";
import { createTestStore, type TestStore } from "../support/database.ts";
import { createTestKeys, type TestKeys } from "../support/keys.ts";

const CHANNEL = "whatsapp-to-kis";
const NOW = Date.parse("2026-11-24T10:00:00Z");
const WAMID = "wamid.1";
const ID = messageId(CHANNEL, WAMID, "");
const MEDIA = ["eins", "zwei"];
const content = (mediaId: string) => `Befund ${mediaId}`.padEnd(size);

let database: TestStore;
let keys: TestKeys;
let epoch: number;
/** What the provider was asked for, and what it cannot give right now. */
let asked: string[];
let unavailable: Set<string>;
/** Of each attachment, in bytes, at least. */
let size: number;
/** What the provider gives in place of that. */
let body: (() => AsyncIterable<Buffer>) | undefined;

beforeAll(async () => {
  database = await createTestStore();
  keys = await createTestKeys();
  const epochs = createEpochs(database.store, 86_400_000);
  epoch = await epochs.current(NOW);
  await epochs.ensure(epoch);
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await keys[Symbol.asyncDispose]();
});

beforeEach(async () => {
  asked = [];
  unavailable = new Set();
  size = 0;
  body = undefined;
  await arrive();
});
afterEach(async () => {
  await database.store.query(
    "TRUNCATE message, event, attachment, attachment_wait, delivery, media_deletion, seen, lane",
  );
});

const channel = {
  id: CHANNEL,
  source: {
    fetch: async ({ mediaId }: { mediaId: string }) => {
      asked.push(mediaId);
      if (unavailable.has(mediaId)) throw new BotenstoffError("MEDIA_UNAVAILABLE", "fetching: it cannot be had now");
      return { body: Readable.from(body?.() ?? [Buffer.from(content(mediaId))]), declaredType: "text/plain" };
    },
    forget: async () => "deleted",
  },
  attachments: { allow: ["text/plain"], patienceMs: 120_000 },
  passes: () => true,
  destinations: [{ id: "archive", mapping: {} }],
} as unknown as RunningChannel;

/** One engine on the database; `settling` false: it dies before it can book what it did. */
function engine({ settling = true } = {}) {
  const gone = () => Promise.reject(new Error("the engine was killed"));
  const deps = {
    ...keys,
    store: settling ? database.store : { ...database.store, transaction: gone },
    largeGate: createLargeGate(),
    mayStore: async () => true,
    channels: () => channel,
    clock: () => NOW,
    retainFrom: () => NOW,
    log: () => undefined,
    metrics: { count: () => undefined },
    ...{ owner: "engine", leaseMs: 20_000 },
  } as unknown as PipelineDeps;
  const settle = createSettle(deps, createWatch(database.store), new HandOver(createLeases(deps)));
  const fetching = new Permits(1);
  return {
    deps,
    settle,
    turn: async () => {
      const leased = await claim();
      const works = (await takeToPrepare(deps, [leased])).get(leased.lane) ?? [];
      await prepareTurn(deps, settle, fetching, leased, works);
    },
    /** Prepares the message; what came of it is to be settled by the caller. */
    work: async () => {
      const leased = await claim();
      const { lane } = leased;
      const [work] = (await takeToPrepare(deps, [leased])).get(lane) ?? [];
      const prepared = [await prepare(deps, work!, leased)];
      return { turn: { ...lane, waitMs: 0, retried: false, park: null }, prepared };
    },
  };
}

/** Claims the one lane, as if the lease of whoever held it had run out. */
async function claim(): Promise<Leased> {
  await database.store.query("UPDATE lane SET ready_at = now(), suspicion = 0");
  const stage = { channel: CHANNEL, stage: "prepare", limit: 1 };
  const [lane] = await claimLanes(database.store, [stage], { owner: "test", leaseMs: 60_000 });
  return { lane: lane!, signal: new AbortController().signal, valid: () => true };
}

/** A message with two attachments is taken in. */
async function arrive(): Promise<void> {
  const receivedAt = new Date(NOW).toISOString();
  const origin = { epoch, channel: CHANNEL, eventId: crypto.randomUUID(), receivedAt };
  const { row, attachments } = sealDraft(keys as unknown as PipelineDeps, origin, {
    externalId: WAMID,
    content: { kind: "document" },
    conversation: "4915112345678",
    sentAt: receivedAt,
    attachments: MEDIA.map((mediaId) => ({ mediaId, declaredType: "text/plain" })),
    raw: {},
  });
  const event = { epoch, id: origin.eventId, channel: CHANNEL, receivedAt, raw: Buffer.alloc(0) };
  await storeIntake(database.store, { events: [event], messages: [row], attachments });
}

async function rows<Row extends object>(sql: string): Promise<Row[]> {
  return (await database.store.query<Row>(sql)).rows;
}

async function found() {
  const [message] = await rows<{ state: string; attempts: number }>("SELECT state, attempts FROM message");
  const verdicts = await rows<{ verdict: string }>("SELECT verdict FROM attachment ORDER BY ordinal");
  const deletions = await rows("SELECT FROM media_deletion WHERE due_at IS NULL");
  const deliveries = await rows("SELECT FROM delivery");
  return {
    state: message?.state,
    verdicts: verdicts.map(({ verdict }) => verdict),
    deletions: deletions.length,
    deliveries: deliveries.length,
  };
}

const COMPLETE = { state: "routed", verdicts: ["clean", "clean"], deletions: 2, deliveries: 1 };

/** What is booked of each attachment is what lies sealed. */
async function expectWhole(): Promise<void> {
  expect(await found()).toEqual(COMPLETE);
  const stored = await rows<Parameters<typeof openMessage>[2][number]>(
    `SELECT epoch, id, message_id AS "messageId", ordinal, verdict, sealed FROM attachment ORDER BY ordinal`,
  );
  const [row] = await rows<Parameters<typeof openMessage>[1]>(
    `SELECT epoch, id, channel, received_at AS "receivedAt", sealed, external_id AS "externalId" FROM message`,
  );
  const { attachments } = openMessage(keys.sealer, row!, stored).message;
  for (const { id, stored: kept, reference } of attachments) {
    const bytes = await text(keys.blobs.read(epoch, id));
    expect(bytes).toBe(content(reference.mediaId));
    expect(kept?.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
  }
}

describe("what was fetched for a message", () => {
  test("is booked with the message's way, and so are the copies to be deleted at the provider", async () => {
    await engine().turn();
    await expectWhole();
    expect(asked).toEqual(MEDIA);
  });

  test("is booked although another attachment cannot be had yet, and is not fetched again", async () => {
    unavailable.add("zwei");
    await engine().turn();
    expect(await found()).toEqual({ state: "received", verdicts: ["clean", "pending"], deletions: 1, deliveries: 0 });
    unavailable.clear();
    await engine().turn();
    await expectWhole();
    expect(asked).toEqual(["eins", "zwei", "zwei"]);
  });

  test("is fetched again by the next engine when one died before booking it; the message is complete once", async () => {
    await expect(engine({ settling: false }).turn()).rejects.toThrow("killed");
    expect(await found()).toEqual({ state: "received", verdicts: ["pending", "pending"], deletions: 0, deliveries: 0 });
    expect(keys.blobs.exists(epoch, attachmentId(ID, 0))).toBe(true);
    await engine().turn();
    await expectWhole();
    expect(asked).toEqual([...MEDIA, ...MEDIA]);
  });

  test("is not booked by a worker that lost its lane: what its successor booked stays", async () => {
    const zombie = await engine().work();
    await engine().turn();
    const sealed = await rows("SELECT sealed FROM attachment ORDER BY ordinal");
    expect(await engine().settle.prepared(zombie)).toMatchObject({ ours: false });
    expect(await rows("SELECT sealed FROM attachment ORDER BY ordinal")).toEqual(sealed);
    await expectWhole();
  });

  test("is not stored by a worker that was paused in the middle and lost its lane: what its successor stored stays", async () => {
    const { deps } = engine();
    let ours = true;
    const zombie = { ...(await claim()), valid: () => ours };
    const [work] = (await takeToPrepare(deps, [zombie])).get(zombie.lane) ?? [];
    const halfway = Promise.withResolvers<undefined>();
    const paused = Promise.withResolvers<undefined>();
    body = async function* () {
      yield Buffer.from("what an older");
      halfway.resolve(undefined);
      await paused.promise;
      yield Buffer.from(" cache holds");
    };
    const preparing = prepare(deps, work!, zombie);
    await halfway.promise;
    body = undefined;
    await engine().turn();
    ours = false;
    paused.resolve(undefined);
    expect(await preparing).toMatchObject({ row: { state: "received" }, judged: [] });
    await expectWhole();
  });

  test("is not booked by a worker that lost its lane to one that is still at it; that one books it all", async () => {
    const zombie = await engine().work();
    const successor = await engine().work();
    expect(await engine().settle.prepared(zombie)).toMatchObject({ ours: false });
    expect(await found()).toMatchObject({ state: "received", verdicts: ["pending", "pending"], deletions: 0 });
    expect(await engine().settle.prepared(successor)).toMatchObject({ ours: true });
    await expectWhole();
  });

  test("is booked although the directory says something else by now; the message is decided again", async () => {
    const { turn, prepared } = await engine().work();
    const keys = { contactBi: Buffer.from("number"), userBi: null };
    const seen = { keys, said: ["somebody"], forget: () => undefined };
    const changed = { turn, prepared: prepared.map((one) => ({ ...one, seen })) };
    expect(await engine().settle.prepared(changed)).toEqual({ ours: true, more: true });
    expect(await found()).toEqual({ ...COMPLETE, state: "received", deliveries: 0 });
    await engine().turn();
    await expectWhole();
    expect(asked).toEqual(MEDIA);
  });

  test.each([
    ["small, beside others that are fetched, may wait for them to be booked together", 10, true, true],
    ["small and alone is booked at once", 10, false, false],
    ["large is booked at once, so that not many are sent at once", 2 * 1024 * 1024 + 1, true, false],
  ])("that is %s", async (_, bytes, beside, waits) => {
    size = bytes;
    const { deps, settle } = engine();
    const fetching = new Permits(2);
    if (beside) void fetching.run(() => new Promise(() => undefined));
    const patience: (number | undefined)[] = [];
    const listening: Settle = {
      ...settle,
      prepared: (turn) => {
        patience.push(turn.patienceMs);
        return settle.prepared(turn);
      },
    };
    const leased = await claim();
    const works = (await takeToPrepare(deps, [leased])).get(leased.lane) ?? [];
    await prepareTurn(deps, listening, fetching, leased, works);
    expect(patience).toEqual([waits ? expect.any(Number) : 0]);
    expect(patience[0]! > 0).toBe(waits);
    await expectWhole();
  });
});
