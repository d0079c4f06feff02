import { afterAll, beforeAll, expect, test } from "@jest/globals";
import {
  concludeMessages,
  lockMessages,
  takeDeliveries,
  writeOutcomes,
  type DeliveryOutcome,
} from "#src/store/sql/deliveries.ts";
import { releaseDeletions } from "#src/store/sql/media-deletion.ts";
import { settlePrepared, type PreparedRow } from "#src/store/sql/prepare.ts";
import { createTestStore, type TestStore } from "../support/database.ts";

const EPOCHS = [0, 86_400];
const LANE = { channel: "c", stage: "prepare", key: Buffer.from("key"), token: 1, failures: 0, open: 2 };
const idOf = (epoch: number) => `00000000-0000-5000-8000-${String(epoch).padStart(12, "0")}`;

let database: TestStore;
beforeAll(async () => {
  database = await createTestStore();
  for (const epoch of EPOCHS) {
    for (const table of ["message", "delivery"]) {
      await database.store.query(`CREATE TABLE ${table}_${epoch} PARTITION OF ${table} FOR VALUES IN (${epoch})`);
    }
    await database.store.query(
      `INSERT INTO message (epoch, id, seq, event_id, channel, kind, lane_key, external_bi, state, received_at, state_at,
         history, sealed, external_id)
       VALUES ($1, $2, $1, $2, 'c', 'image', $3, '', 'received', now(), now(), '[]', '', '')`,
      [epoch, idOf(epoch), LANE.key],
    );
    await database.store.query(
      "INSERT INTO media_deletion (attachment_id, message_id, channel, sealed, noted_at) VALUES ($1, $1, 'c', '', now())",
      [idOf(epoch)],
    );
  }
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

async function states(): Promise<string[]> {
  const { rows } = await database.store.query<{ state: string }>("SELECT state FROM message ORDER BY epoch");
  return rows.map(({ state }) => state);
}

test("a batch that spans midnight is settled in both epochs", async () => {
  const now = new Date();
  const prepared = EPOCHS.map((epoch): PreparedRow => {
    const row = {
      lane: LANE,
      epoch,
      id: idOf(epoch),
      seq: epoch,
      filing: 1,
      state: "routed",
      reason: null,
      lastError: null,
    } as const;
    const routed = { patientBi: null, routed: Buffer.from("routed"), retainUntil: null, destinations: ["archive"] };
    return { ...row, ...routed, day: null, earlier: [] };
  });
  await database.store.transaction((db) => settlePrepared(db, prepared, now));
  expect(await states()).toEqual(["routed", "routed"]);

  const taken = await takeDeliveries(database.store, [{ ...LANE, stage: "archive" }], 10);
  expect(taken.map(({ epoch, destination }) => [epoch, destination])).toEqual(
    EPOCHS.map((epoch) => [epoch, "archive"]),
  );

  // The newer first: an order nobody relies on.
  const outcomes = taken
    .toReversed()
    .map(({ epoch, messageId, kind, destination, purpose, filing }): DeliveryOutcome => {
      const sent = {
        state: "confirmed",
        lastError: null,
        inDoubt: false,
        mappingVersion: "1",
        sentSha256: "0",
      } as const;
      const answered = { receipt: Buffer.from("AA"), confirmation: null, said: null, confirmInMs: null };
      const key = { epoch, messageId, kind, destination, purpose, filing };
      return { ...key, ...sent, ...answered, ackOnly: false, afterFiledMs: 1_000 };
    });
  const concluded = await database.store.transaction(async (db) => {
    await writeOutcomes(db, outcomes, now);
    await lockMessages(db, outcomes);
    const moved = await concludeMessages(db, outcomes, now, now);
    await releaseDeletions(db, outcomes);
    return moved;
  });
  expect(concluded.map(({ id }) => id).sort()).toEqual(EPOCHS.map(idOf));
  expect(await states()).toEqual(["filed", "filed"]);
  const { rows } = await database.store.query("SELECT FROM media_deletion WHERE due_at IS NOT NULL");
  expect(rows).toHaveLength(EPOCHS.length);
});
