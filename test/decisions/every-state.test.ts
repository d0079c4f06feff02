import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { releaseMessage } from "#src/decisions/release.ts";
import { reprocessMessage } from "#src/decisions/reprocess.ts";
import { resendDelivery } from "#src/decisions/resend.ts";
import { skipDelivery } from "#src/decisions/skip.ts";
import { withdrawMessage } from "#src/decisions/withdraw.ts";
import { HOLD_REASONS } from "#src/message/message.ts";
import { DELIVERY_MOVES, MESSAGE_STATES, WITHDRAWALS, type DeliveryState } from "#src/message/state.ts";
import type { Transaction } from "#src/store/queryable.ts";
import { createTestKeys, type TestKeys } from "../support/keys.ts";
import { createTestStore, type TestStore } from "../support/database.ts";
import { ID, storeMessage, terms, type StoredDelivery, type StoredState } from "./harness.ts";

let database: TestStore;
let keys: TestKeys;
beforeAll(async () => {
  database = await createTestStore();
  keys = await createTestKeys();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await keys[Symbol.asyncDispose]();
});
beforeEach(clear);

async function clear(): Promise<void> {
  for (const table of ["message", "delivery", "lane"]) await database.store.query(`DELETE FROM ${table}`);
}

/** What the API answers with 202. */
const ACCEPTED = new Set(["again", "released", "skipped", "resent", "withdrawing", "changed", "already"]);

const DECISIONS: Record<string, (db: Transaction) => Promise<string>> = {
  reprocess: (db) => reprocessMessage(db, ID, new Date()),
  release: (db) => releaseMessage(db, ID, new Date()),
  "skip at the archive": (db) => skipDelivery(db, ID, "archive", terms()),
  "skip at the chart": (db) => skipDelivery(db, ID, "chart", terms()),
  "resend to the archive": (db) => resendDelivery(db, keys.sealer, ID, { destination: "archive", now: new Date() }),
  "resend to the chart": (db) => resendDelivery(db, keys.sealer, ID, { destination: "chart", now: new Date() }),
  "withdraw for good": (db) => withdrawMessage(db, ID, "sent_by_mistake", terms()),
  "withdraw from a wrong chart": (db) => withdrawMessage(db, ID, "wrong_patient", terms()),
};

/** The first decision the message accepts; those it refuses change nothing. */
async function accepted(): Promise<string | undefined> {
  for (const [name, decide] of Object.entries(DECISIONS)) {
    if (ACCEPTED.has(await database.store.transaction(decide))) return name;
  }
  return undefined;
}

const DELIVERED = Object.keys(DELIVERY_MOVES) as DeliveryState[];
const WAITING: readonly string[] = ["queued", "sending", "retrying"];

/** Every pair of what two destinations may have made of a message, and whether it is being taken out of both. */
const PAIRS = DELIVERED.flatMap((archive) =>
  DELIVERED.flatMap((chart) => [
    { archive, chart, purpose: "file" as const },
    { archive, chart, purpose: "withdraw" as const },
  ]),
);

describe("a message answers at least one decision with 202", () => {
  test.each(["received", "filtered"] as const)("while it is %s", async (state) => {
    await storeMessage(database.store, { state });
    expect(await accepted()).toBeDefined();
  });

  test.each(Object.keys(HOLD_REASONS))("while it is held, %s", async (reason) => {
    await storeMessage(database.store, { state: "held", reason });
    expect(await accepted()).toBeDefined();
  });

  test.each(Object.keys(WITHDRAWALS))("when it was withdrawn, %s", async (reason) => {
    const done: StoredDelivery[] = [
      { destination: "chart", state: "confirmed" },
      { destination: "chart", state: "confirmed", purpose: "withdraw" },
    ];
    await storeMessage(database.store, { state: "withdrawn", reason }, done);
    expect(await accepted()).toBe("reprocess");
  });

  test.each(PAIRS)("whatever its deliveries are: archive $archive, chart $chart, to $purpose", async (pair) => {
    const state = stateOf(pair);
    if (!state) return;
    for (const error of [undefined, "CONFIRMATION_MISSING: not there yet"]) {
      await clear();
      await storeMessage(database.store, { state }, deliveriesOf(pair, error));
      expect(await accepted()).toBeDefined();
    }
  });

  test("in every state but the last one", () => {
    const covered = ["received", "filtered", "held", "withdrawn", "routed", "failed", "filed"];
    expect(MESSAGE_STATES.filter((state) => !covered.includes(state))).toEqual(["purged"]);
  });
});

function stateOf({ archive, chart, purpose }: (typeof PAIRS)[number]): StoredState | undefined {
  const both = [archive, chart];
  if (both.includes("failed")) return "failed";
  if (both.some((state) => WAITING.includes(state)) || archive === "accepted" || chart === "accepted") return "routed";
  if (purpose === "withdraw") return undefined;
  if (both.includes("confirmed")) return "filed";
  return both.includes("skipped") ? "failed" : undefined;
}

function deliveriesOf({ archive, chart, purpose }: (typeof PAIRS)[number], error?: string): StoredDelivery[] {
  const told = (state: DeliveryState) => (state === "accepted" && error !== undefined ? { error } : {});
  const filed: StoredDelivery[] = ["archive", "chart"].map((destination) => ({ destination, state: "accepted" }));
  const own: StoredDelivery[] = [
    { destination: "archive", state: archive, purpose, ...told(archive) },
    { destination: "chart", state: chart, purpose, ...told(chart) },
  ];
  return purpose === "file" ? own : [...filed, ...own];
}
