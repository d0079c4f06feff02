import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { watchForLostWork } from "#src/lanes/lost-work.ts";
import { claimLanes } from "#src/store/sql/lanes.ts";
import { findLostWork } from "#src/store/sql/lost-work.ts";
import { createTestStore, type TestStore } from "../support/database.ts";

const CHANNEL = "whatsapp-to-kis";

describe("the safety net under the lanes", () => {
  let database: TestStore;
  beforeEach(async () => {
    database = await createTestStore();
    await database.store.query("CREATE TABLE message_0 PARTITION OF message FOR VALUES IN (0)");
    await database.store.query("CREATE TABLE delivery_0 PARTITION OF delivery FOR VALUES IN (0)");
  });
  afterEach(async () => {
    await database[Symbol.asyncDispose]();
  });

  const message = (conversation: string, state: string) =>
    database.store.query(
      `INSERT INTO message (epoch, id, seq, event_id, channel, kind, lane_key, external_bi, state, received_at, state_at,
         history, sealed, external_id)
       VALUES (0, gen_random_uuid(), nextval('message_seq'), gen_random_uuid(), '${CHANNEL}', 'text', $1, '', $2, now(),
         now(), '[]', '', '')`,
      [Buffer.from(conversation), state],
    );
  const delivery = (conversation: string, state: string) =>
    database.store.query(
      `INSERT INTO delivery (epoch, message_id, destination, channel, lane_key, seq, state, queued_at)
       VALUES (0, gen_random_uuid(), 'kis', '${CHANNEL}', $1, nextval('message_seq'), $2, now())`,
      [Buffer.from(conversation), state],
    );
  const lane = (conversation: string, stage: string) =>
    database.store.query(
      `INSERT INTO lane (channel, stage, key, open, opened_at, ready_at, token)
       VALUES ('${CHANNEL}', $2, $1, 1, now(), now(), 0)`,
      [Buffer.from(conversation), stage],
    );
  const found = async () => {
    const lost = await findLostWork(database.store, 100);
    return lost.map(({ stage, key, count }) => `${stage} ${key.toString()} ${count}`).toSorted();
  };

  it("finds received messages and open deliveries that no lane holds", async () => {
    for (const conversation of ["lost", "lost", "kept"]) await message(conversation, "received");
    for (const state of ["queued", "sending", "retrying", "failed", "confirmed", "cancelled"]) {
      await delivery("unsent", state);
    }
    await delivery("kept", "queued");
    await message("decided", "held");
    await lane("kept", "prepare");
    await lane("kept", "kis");
    expect(await found()).toEqual(["kis unsent 3", "prepare lost 2"]);
  });

  it("takes a parked lane for what it is: one that waits for a person", async () => {
    await delivery("parked", "queued");
    await lane("parked", "kis");
    await database.store.query("UPDATE lane SET parked_at = now(), reason = 'DESTINATION_REFUSED'");
    expect(await found()).toEqual([]);
  });

  it("opens the lane again, counts it and says so, once", async () => {
    await message("lost", "received");
    const told: string[] = [];
    const counted: string[] = [];
    const watching = watchForLostWork(
      {
        store: database.store,
        log: (level, event, fields) => told.push(`${level} ${event} ${JSON.stringify(fields)}`),
        metrics: { observeDelivery: () => undefined, gauge: () => undefined, count: (name) => counted.push(name) },
      },
      10,
    );
    while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await watching.stop();
    expect(told).toEqual([`error lane.reopened {"channel":"${CHANNEL}","stage":"prepare","count":1}`]);
    expect(counted).toEqual(["lanes_reopened"]);
    const claimed = await claimLanes(database.store, [{ channel: CHANNEL, stage: "prepare", limit: 9 }], {
      owner: "test",
      leaseMs: 1_000,
    });
    expect(claimed.map(({ key }) => key.toString())).toEqual(["lost"]);
  });
});
