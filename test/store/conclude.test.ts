import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { concludeMessages } from "#src/store/sql/deliveries.ts";
import { createTestStore, type TestStore } from "../support/database.ts";

const HOUR_MS = 3_600_000;
const ID = "00000000-0000-5000-8000-000000000001";

let database: TestStore;
beforeAll(async () => {
  database = await createTestStore();
  for (const table of ["message", "delivery"]) {
    await database.store.query(`CREATE TABLE ${table}_0 PARTITION OF ${table} FOR VALUES IN (0)`);
  }
  await database.store.query(
    `INSERT INTO delivery (epoch, message_id, destination, channel, lane_key, seq, state, queued_at)
     VALUES (0, $1, 'chart', 'c', '', 1, 'confirmed', now())`,
    [ID],
  );
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
});

/** Files the message. @returns how long it is kept from now on, in hours, and how long ago it says it was filed */
async function file(filedAgoHours: number, retainFromAgoHours: number): Promise<{ kept: number; filed: number }> {
  await database.store.query("DELETE FROM message");
  await database.store.query(
    `INSERT INTO message (epoch, id, seq, event_id, channel, kind, lane_key, external_bi, state, received_at, state_at,
       history, sealed, external_id)
     VALUES (0, $1, 1, $1, 'c', 'text', '', '', 'routed', now(), now(), '[]', '', '')`,
    [ID],
  );
  const ago = (hours: number) => new Date(Date.now() - hours * HOUR_MS);
  const outcome = { epoch: 0, messageId: ID, filing: 1, ackOnly: false, afterFiledMs: 24 * HOUR_MS };
  const { store } = database;
  await concludeMessages(store, [outcome], ago(filedAgoHours), ago(retainFromAgoHours));
  const { rows } = await store.query<{ kept: number; filed: number }>(
    `SELECT round(extract(epoch FROM retain_until - now()) / 3600)::int AS kept,
       round(extract(epoch FROM now() - filed_at) / 3600)::int AS filed FROM message`,
  );
  return rows[0]!;
}

describe("the retention of a message that is filed", () => {
  test("runs from now where the clocks agree", async () => {
    expect(await file(0, 0)).toEqual({ kept: 24, filed: 0 });
  });

  test("does not run shorter because the engine's clock is behind the database's (I4)", async () => {
    expect(await file(5, 5)).toEqual({ kept: 24, filed: 5 });
  });

  test("does not run shorter because both clocks were set back while the engine ran (I4)", async () => {
    expect(await file(0, -5)).toEqual({ kept: 29, filed: 0 });
  });
});

test("is filed only when each chart that can be read back was: what another one shows may still be wrong (I4)", async () => {
  const { store } = database;
  const second = (state: string, wait: string | null) =>
    store.query(
      `INSERT INTO delivery (epoch, message_id, destination, channel, lane_key, seq, state, queued_at, confirm_at)
       VALUES (0, $1, 'second', 'c', '', 1, $2, now(), now() + $3::interval)
       ON CONFLICT (message_id, destination, purpose, filing, epoch) DO UPDATE SET state = $2, confirm_at = EXCLUDED.confirm_at`,
      [ID, state, wait],
    );
  const outcome = { epoch: 0, messageId: ID, filing: 1, ackOnly: false, afterFiledMs: HOUR_MS };
  const conclude = () => concludeMessages(store, [outcome], new Date(), new Date());
  await store.query("UPDATE message SET state = 'routed'");
  await second("accepted", "1 second");
  expect(await conclude()).toEqual([]);
  await second("failed", null);
  expect(await conclude()).toEqual([{ id: ID, state: "failed" }]);
  await second("confirmed", null);
  expect(await conclude()).toEqual([{ id: ID, state: "filed" }]);
});
