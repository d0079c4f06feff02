import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createConfirming, type Confirming } from "#src/pipeline/deliver/confirm.ts";
import type { PipelineDeps } from "#src/pipeline/deps.ts";
import type { RunningChannel } from "#src/pipeline/running-channel.ts";
import { createExamination } from "#src/lanes/suspicion.ts";
import { place } from "#src/store/sealed/message.ts";
import type { Settle } from "#src/pipeline/settle.ts";
import type { DeliveryOutcome } from "#src/store/sql/deliveries.ts";
import { sealAt } from "#src/store/sealed/place.ts";
import { createTestStore, type TestStore } from "../support/database.ts";
import { createTestKeys, type TestKeys } from "../support/keys.ts";

let database: TestStore;
let keys: TestKeys;
let confirming: Confirming;
let settled: DeliveryOutcome[];
let asked: string[];

/** `silent` does not answer before it is broken off; `chart` confirms. */
const DESTINATIONS = ["silent", "chart"].map((id) => ({
  id,
  mapping: { name: "m", version: "1", map: () => "" },
  destination: {
    confirm: async (_job: unknown, _receipt: unknown, signal: AbortSignal) => {
      asked.push(id);
      if (id === "silent") await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return { state: "confirmed", evidence: {} };
    },
  },
}));

beforeEach(async () => {
  [database, keys, settled, asked] = [await createTestStore(), await createTestKeys(), [], []];
  for (const table of ["message", "delivery"]) {
    await database.store.query(`CREATE TABLE ${table}_0 PARTITION OF ${table} FOR VALUES IN (0)`);
  }
  const channel = { id: "c", destinations: DESTINATIONS, retention: {} } as unknown as RunningChannel;
  const deps = {
    ...{ ...keys, store: database.store, channels: () => channel, clock: () => Date.now() },
    examination: createExamination(),
    ...{ leaseMs: 600_000, log: () => undefined, metrics: { count: () => undefined } },
  } as unknown as PipelineDeps;
  const settle = { confirmed: (outcome: DeliveryOutcome) => Promise.resolve(settled.push(outcome) > 0) };
  confirming = createConfirming(deps, settle as unknown as Settle);
});
afterEach(async () => {
  confirming.stop();
  await confirming.drain();
  await database[Symbol.asyncDispose]();
  await keys[Symbol.asyncDispose]();
});

/** Deliveries a destination has accepted, due to be read back. */
async function accepted(destination: string, count: number): Promise<void> {
  for (let made = 0; made < count; made += 1) {
    const id = randomUUID();
    const receipt = sealAt(
      keys.sealer,
      place.delivery(0, { messageId: id, destination, purpose: "file", filing: 1 }, "receipt"),
      { sentSha256: "", answer: null },
    );
    const sealed = keys.sealer.seal(place.message(0, id, "sealed"), Buffer.from("{}"));
    const routed = sealAt(keys.sealer, place.message(0, id, "routed"), { routedAt: "", params: {} });
    const externalId = keys.sealer.seal(place.externalId(0, id), Buffer.from(id));
    await database.store.query(
      `INSERT INTO message (epoch, id, seq, event_id, channel, kind, lane_key, external_bi, state, received_at, state_at,
         history, sealed, external_id, routed) VALUES (0, $1, 1, $1, 'c', 'text', '', '', 'routed', now(), now(), '[]', $2, $3, $4)`,
      [id, sealed, externalId, routed],
    );
    await database.store.query(
      `INSERT INTO delivery (epoch, message_id, destination, channel, lane_key, seq, state, queued_at, confirm_at, receipt)
       VALUES (0, $1, $2, 'c', '', 1, 'accepted', now(), now(), $3)`,
      [id, destination, receipt],
    );
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test("a destination that does not answer keeps neither the caller nor another destination waiting", async () => {
  await accepted("silent", 120);
  await accepted("chart", 1);
  for (let look = 0; look < 3; look += 1) await confirming.look();
  await until(() => settled.length > 0);
  expect(settled.map(({ destination, state }) => `${destination} ${state}`)).toEqual(["chart confirmed"]);
  expect(asked.filter((id) => id === "silent")).toHaveLength(50);
});

test("what is being read is broken off when the engine stops, and comes due again", async () => {
  await accepted("silent", 2);
  await confirming.look();
  await until(() => asked.length === 2);
  confirming.stop();
  await confirming.drain();
  expect(settled).toEqual([]);
  const { rows } = await database.store.query("SELECT FROM delivery WHERE state = 'accepted' AND confirm_at > now()");
  expect(rows).toHaveLength(2);
});

test("what was being read when an engine died is read one after the other, and not again once it died of that", async () => {
  await accepted("chart", 3);
  await database.store.query("UPDATE delivery SET suspicion = 1");
  await confirming.look();
  await until(() => settled.length === 3);
  expect(settled.map(({ state }) => state)).toEqual(["confirmed", "confirmed", "confirmed"]);
  await database.store.query("UPDATE delivery SET suspicion = 3, confirm_at = now()");
  await confirming.look();
  await until(() => settled.length === 6);
  expect(settled.slice(3).map(({ state, lastError }) => `${state} ${lastError?.split(":")[0]}`)).toEqual(
    Array.from({ length: 3 }, () => "failed WORK_STOPS_ENGINE"),
  );
  expect(asked).toHaveLength(3);
});
