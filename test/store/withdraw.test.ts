import { expect, test } from "@jest/globals";
import { createEpochs } from "#src/store/epochs.ts";
import { writeOutcomes, type DeliveryOutcome } from "#src/store/sql/deliveries.ts";
import { createTestStore } from "../support/database.ts";

const ID = "00000000-0000-4000-8000-000000000001";
const OUTCOME: DeliveryOutcome = {
  epoch: 0,
  kind: "text",
  messageId: ID,
  destination: "chart",
  purpose: "file",
  filing: 1,
  state: "confirmed",
  lastError: null,
  inDoubt: false,
  mappingVersion: null,
  sentSha256: null,
  receipt: null,
  confirmation: null,
  said: null,
  confirmInMs: null,
  ackOnly: false,
  afterFiledMs: 1,
};

test.each([
  ["file", ["confirmed", "sending"]],
  ["withdraw", ["accepted", "confirmed"]],
] as const)("a late read of what was to %s settles that, and not its counterpart", async (purpose, states) => {
  await using database = await createTestStore();
  const { store } = database;
  await createEpochs(store, 86_400_000).ensure(0);
  await store.query(
    `INSERT INTO delivery (epoch, message_id, destination, purpose, channel, lane_key, seq, state, queued_at)
     SELECT 0, $1, 'chart', purpose, 'c', '\\x00', 1, state, now()
     FROM (VALUES ('file', 'accepted'), ('withdraw', 'sending')) AS row (purpose, state)`,
    [ID],
  );
  await writeOutcomes(store, [{ ...OUTCOME, purpose }], new Date());
  const { rows } = await store.query<{ state: string }>("SELECT state FROM delivery ORDER BY purpose");
  expect(rows.map(({ state }) => state)).toEqual(states);
});
