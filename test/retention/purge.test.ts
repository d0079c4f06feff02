import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { record } from "#src/audit/journal.ts";
import { messageId } from "#src/message/id.ts";
import { place, type SealedBody } from "#src/store/sealed/message.ts";
import type { RetentionDeps } from "#src/retention/deps.ts";
import { purgeDue, purgeEpoch } from "#src/retention/purge.ts";
import { moveSurvivors } from "#src/retention/survivors.ts";
import { brokenDays } from "#src/store/sql/day.ts";
import type { Store } from "#src/store/data-source.ts";
import { claimSuspect } from "#src/store/sql/suspects.ts";
import { claimLanes, lockOwnedLanes, type ClaimedLane } from "#src/store/sql/lanes.ts";
import { storeIntake, type IntakeBatch } from "#src/store/sql/intake.ts";
import type { PreparedRow } from "#src/store/sql/prepare.ts";
import { sealAt } from "#src/store/sealed/place.ts";
import { createTestStore, type TestStore } from "../support/database.ts";
import { createTestKeys, type TestKeys } from "../support/keys.ts";
import { retentionOn } from "./harness.ts";

const CHANNEL = "whatsapp-to-kis";
const LENGTH_MS = 60_000;
const START = Math.floor(Date.parse("2026-11-23T10:00:00Z") / LENGTH_MS) * LENGTH_MS;

/** A store in whose transactions something else happens right before some statements. */
function interrupted(store: Store, before: (statement: string) => Promise<void> | undefined): Store {
  return {
    ...store,
    transaction: (run) =>
      store.transaction((db) =>
        run({
          transacted: true,
          query: async (text, values) => {
            await before(text);
            return db.query(text, values);
          },
        }),
      ),
  };
}

describe("purging an epoch", () => {
  let database: TestStore;
  let keys: TestKeys;
  let now: number;
  let deps: RetentionDeps;
  const epoch = START / 1_000;

  beforeEach(async () => {
    database = await createTestStore();
    keys = await createTestKeys();
    now = START;
    deps = retentionOn(database.store, keys, LENGTH_MS, () => now, {
      journal: (db, action, subject, detail) =>
        record(db, { at: new Date(now).toISOString(), action, actor: "test", subject, detail }),
    });
    await deps.epochs.ensure(epoch);
  });
  afterEach(async () => {
    await database[Symbol.asyncDispose]();
    await keys[Symbol.asyncDispose]();
  });

  /** A message as intake would store it in the first epoch. */
  function arrival(externalId: string): { id: string; batch: IntakeBatch } {
    const { sealer, blindIndex } = keys;
    const id = messageId(CHANNEL, externalId);
    const eventId = randomUUID();
    const receivedAt = new Date(START).toISOString();
    const body: SealedBody = {
      content: { kind: "text", text: "Guten Tag" },
      conversation: "c",
      sentAt: receivedAt,
      raw: {},
    };
    const raw = sealer.seal(place.event(epoch, eventId), Buffer.from("{}"));
    const message = {
      epoch,
      id,
      eventId,
      channel: CHANNEL,
      kind: "text" as const,
      laneKey: blindIndex.of("conversation", CHANNEL, "c"),
      seenHash: blindIndex.seen(CHANNEL, externalId, ""),
      externalBi: blindIndex.of("external-id", CHANNEL, externalId),
      contactBi: null,
      state: "received" as const,
      reason: null,
      receivedAt,
      history: JSON.stringify([{ state: "received", at: receivedAt }]),
      sealed: sealAt(sealer, place.message(epoch, id, "sealed"), body),
      externalId: sealer.seal(place.externalId(epoch, id), Buffer.from(externalId)),
    };
    const events = [{ epoch, id: eventId, channel: CHANNEL, receivedAt, raw }];
    return { id, batch: { events, messages: [message], attachments: [], notices: [] } as unknown as IntakeBatch };
  }

  const epochOf = async (id: string) => {
    const { rows } = await database.store.query<{ epoch: number }>("SELECT epoch FROM message WHERE id = $1", [id]);
    return rows[0]?.epoch;
  };

  const waitsForPartitions = async () => {
    const { rows } = await database.store.query<{ found: boolean }>(
      "SELECT EXISTS (SELECT FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted) AS found",
    );
    return rows[0]?.found ?? false;
  };

  it("does not lose what an intake commits while the partitions are about to be dropped (I1)", async () => {
    const { id, batch } = arrival("wamid.late");
    const stored = Promise.withResolvers<undefined>();
    const committing = Promise.withResolvers<undefined>();
    const intake = database.store.transaction(async (db) => {
      await storeIntake(db, batch);
      stored.resolve(undefined);
      await committing.promise;
    });
    await stored.promise;
    now = START + LENGTH_MS + 1_000;
    const purging = purgeEpoch(deps, epoch);
    // The purge has seen an empty epoch and waits for the intake's locks.
    while (!(await waitsForPartitions())) await new Promise((resolve) => setTimeout(resolve, 10));
    committing.resolve(undefined);
    await intake;
    expect(await purging).toBe(false);
    expect(await epochOf(id)).toBe(epoch);
    expect(await purgeDue(deps)).toEqual([]);
    expect(await epochOf(id)).toBe(epoch);
  });

  it("takes the lane from a worker whose lease ran out before it moves the lane's messages on", async () => {
    const { id, batch } = arrival("wamid.zombie");
    await storeIntake(database.store, batch);
    const [lane] = await claimLanes(database.store, [{ channel: CHANNEL, stage: "prepare", limit: 1 }], {
      owner: "zombie",
      leaseMs: 0,
    });
    now = START + LENGTH_MS + 1_000;
    expect(await moveSurvivors(deps, epoch)).toBe(1);
    expect(await epochOf(id)).toBe(epoch + LENGTH_MS / 1_000);
    expect(await database.store.transaction((db) => lockOwnedLanes(db, lane ? [lane] : []))).toEqual(new Map());
    const another = { owner: "another", leaseMs: 1_000 };
    expect(await claimSuspect(database.store, { channel: CHANNEL, stage: "prepare" }, another)).toBeDefined();
  });

  it("leaves a conversation whose lane somebody is writing, and does not wait: no deadlock with who settles", async () => {
    const { id, batch } = arrival("wamid.settling");
    await storeIntake(database.store, batch);
    now = START + LENGTH_MS + 1_000;
    await database.store.transaction(async (db) => {
      await db.query("SELECT FROM lane FOR UPDATE");
      expect(await moveSurvivors(deps, epoch)).toBe(0);
    });
    expect(await epochOf(id)).toBe(epoch);
    expect(await moveSurvivors(deps, epoch)).toBe(1);
  });

  it("leaves a message that came in while it looked, and that a worker has begun with already (I1)", async () => {
    const [waiting, late] = [arrival("wamid.waiting"), arrival("wamid.between")];
    await storeIntake(database.store, waiting.batch);
    await database.store.query(`UPDATE message SET state = 'held', reason = 'unknown' WHERE id = $1`, [waiting.id]);
    await database.store.query("DELETE FROM lane");
    let lane: ClaimedLane | undefined;
    const comesIn = async () => {
      await storeIntake(database.store, late.batch);
      [lane] = await claimLanes(database.store, [{ channel: CHANNEL, stage: "prepare", limit: 1 }], {
        owner: "another engine",
        leaseMs: 60_000,
      });
    };
    // The purge has locked the conversation's lanes, of which there are none, and goes on to its messages.
    const before = (text: string) => (text.includes("FOR UPDATE OF message") ? comesIn() : undefined);
    now = START + LENGTH_MS + 1_000;
    await moveSurvivors({ ...deps, store: interrupted(database.store, before) }, epoch);
    expect(lane).toBeDefined();
    expect(await epochOf(late.id)).toBe(epoch);
    expect(await purgeEpoch(deps, epoch)).toBe(false);
  });

  it("keeps what a day's document still needs: until the day is over, and until its last version is filed", async () => {
    const [first, second] = [arrival("wamid.day.1"), arrival("wamid.day.2")];
    for (const { batch } of [first, second]) await storeIntake(database.store, batch);
    const move = (id: string, state: string) =>
      database.store.query(`UPDATE message SET state = $2, day = '2026-11-23', retain_until = $3 WHERE id = $1`, [
        id,
        state,
        state === "filed" ? new Date(START) : null,
      ]);
    await move(first.id, "filed");
    await move(second.id, "filed");
    now = START + 10 * LENGTH_MS;
    await purgeEpoch(deps, epoch);
    expect(await epochOf(first.id)).toBeGreaterThan(epoch);
    await move(second.id, "routed");
    now = Date.parse("2026-11-24T12:30:00Z");
    await purgeDue(deps);
    expect(await epochOf(first.id)).toBeDefined();
    await move(second.id, "filed");
    now += 10 * LENGTH_MS;
    await purgeDue(deps);
    expect(await epochOf(first.id)).toBeUndefined();
  });

  it("a day's document that lost a part, or a part of which went to another patient, is not continued", async () => {
    const { id, batch } = arrival("wamid.part");
    await storeIntake(database.store, batch);
    const patientBi = keys.blindIndex.of("patient", "1");
    await database.store.query(`UPDATE message SET state = 'filed', patient_bi = $2 WHERE id = $1`, [id, patientBi]);
    const next = randomUUID();
    const broken = (earlier: string[], patient = patientBi) =>
      brokenDays(database.store, [{ id: next, earlier, patientBi: patient } as unknown as PreparedRow]);
    expect(await broken([id])).toEqual(new Set());
    expect(await broken([id, randomUUID()])).toEqual(new Set([next]));
    expect(await broken([id], keys.blindIndex.of("patient", "2"))).toEqual(new Set([next]));
    await database.store.query(`UPDATE message SET address = 1 WHERE id = $1`, [id]);
    expect(await broken([id])).toEqual(new Set([next]));
  });

  it("leaves a conversation alone that a worker holds", async () => {
    const { id, batch } = arrival("wamid.busy");
    await storeIntake(database.store, batch);
    await claimLanes(database.store, [{ channel: CHANNEL, stage: "prepare", limit: 1 }], {
      owner: "w",
      leaseMs: 60_000,
    });
    now = START + LENGTH_MS + 1_000;
    expect(await moveSurvivors(deps, epoch)).toBe(0);
    expect(await purgeEpoch(deps, epoch)).toBe(false);
    expect(await epochOf(id)).toBe(epoch);
  });
});
