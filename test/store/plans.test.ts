import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { createEpochs } from "#src/store/epochs.ts";
import type { Transaction } from "#src/store/queryable.ts";
import { writeAttachments, type JudgedAttachment } from "#src/store/sql/attachments.ts";
import { changedHands, findContacts, forgetContacts, writeNumbersTaken } from "#src/store/sql/contacts.ts";
import { brokenDays, messagesOfDay, readSealed } from "#src/store/sql/day.ts";
import {
  concludeMessages,
  lockMessages,
  takeDeliveries,
  takeToConfirm,
  writeOutcomes,
} from "#src/store/sql/deliveries.ts";
import { linksOf, seenOf } from "#src/store/sql/links.ts";
import { storeIntake } from "#src/store/sql/intake.ts";
import { bookTurns, claimLanes, lockOwnedLanes } from "#src/store/sql/lanes.ts";
import { claimSuspect } from "#src/store/sql/suspects.ts";
import { releaseDeletions } from "#src/store/sql/media-deletion.ts";
import { listMessages } from "#src/store/sql/list-messages.ts";
import { getMessage } from "#src/store/sql/messages.ts";
import { overtakingTurns, settlePrepared, takeReceived, type PreparedRow } from "#src/store/sql/prepare.ts";
import { channelsLeft, restrictOverdue } from "#src/store/sql/restrict.ts";
import { createTestStore, type TestStore } from "../support/database.ts";
import { asIfMore, fill } from "./stored-million.ts";

let database: TestStore;
let planner: pg.Client;
let epoch: number;

beforeAll(async () => {
  database = await createTestStore();
  epoch = await createEpochs(database.store, 86_400_000).current(Date.now());
  await createEpochs(database.store, 86_400_000).ensure(epoch);
  planner = new pg.Client({ connectionString: database.url });
  await planner.connect();
});
afterAll(async () => {
  await planner.end();
  await database[Symbol.asyncDispose]();
});

const NOW = new Date("2026-01-01T00:00:00Z");
const ID = "00000000-0000-5000-8000-000000000000";
const KEY = Buffer.from("key");
const LANE = { channel: "c", stage: "prepare", key: KEY, token: 1, failures: 0, open: 1 };

/** Every statement of a message's life, and what the browser asks, called as the engine calls them. */
function prepared(earlier: readonly string[]): PreparedRow {
  return {
    ...{ lane: LANE, epoch, id: ID, seq: 1, filing: 1, state: "routed", reason: null, lastError: null },
    ...{ patientBi: null, routed: KEY, retainUntil: null, destinations: ["archive"], day: null, earlier },
  };
}

function judged(): JudgedAttachment {
  return {
    ...{ epoch, id: ID, messageId: ID, channel: "c" },
    ...{ verdict: "clean", bytes: 1, sealed: KEY, deletion: KEY },
  };
}

const PIPELINE: Record<string, (db: Transaction) => Promise<unknown>> = {
  "find contacts": (db) => findContacts(db, [{ channel: "c", phoneBi: KEY, userBi: KEY }]),
  intake: (db) => storeIntake(db, intakeBatch()),
  "changed hands": (db) => changedHands(db, [{ phoneBi: KEY, sentAt: NOW.toISOString() }]),
  "numbers taken": (db) => writeNumbersTaken(db, [{ phoneBi: KEY, insteadBi: KEY, leftAt: NOW.toISOString() }]),
  "what a contact leads to, at the commit": (db) => seenOf(db, [{ contactBi: KEY, userBi: KEY }]),
  "links of a contact": (db) => linksOf(db, { contactBi: KEY, userBi: KEY }),
  claim: (db) => claimLanes(db, [{ channel: "c", stage: "prepare", limit: 10 }], { owner: "o", leaseMs: 1_000 }),
  "claim suspect": (db) => claimSuspect(db, { channel: "c", stage: "prepare" }, { owner: "o", leaseMs: 1_000 }),
  "take received": (db) => takeReceived(db, [LANE], 20),
  "overtaking turns": (db) => overtakingTurns(db, [{ ...LANE, seq: 1 }]),
  "settle prepared": (db) => settlePrepared(db, [prepared([])], NOW),
  "write attachments": (db) => writeAttachments(db, [judged()]),
  "whole days": (db) => brokenDays(db, [prepared([ID])]),
  "messages of a day": (db) => messagesOfDay(db, { channel: "c", laneKey: KEY }, "2026-11-24"),
  "what a day's document holds": (db) => readSealed(db, [ID]),
  "take deliveries": (db) => takeDeliveries(db, [LANE], 10),
  "lock lanes": (db) => lockOwnedLanes(db, [LANE]),
  "book turns": (db) => bookTurns(db, [{ ...LANE, done: 1, waitMs: 0, retried: false, park: null }]),
  "write outcomes": (db) => writeOutcomes(db, [outcome()], NOW),
  "lock messages": (db) => lockMessages(db, [outcome()]),
  "release deletions": (db) => releaseDeletions(db, [outcome()]),
  "take to confirm": (db) => takeToConfirm(db, 1_000, 50, [], NOW),
  conclude: (db) => concludeMessages(db, [outcome()], NOW, NOW),
};

const BROWSER: Record<string, (db: Transaction) => Promise<unknown>> = {
  "by id": (db) => getMessage(db, ID),
  "by external id": (db) => listMessages(db, { externalBi: KEY, limit: 50 }),
  "by patient": (db) => listMessages(db, { patientBis: [KEY], limit: 50 }),
  "by number": (db) => listMessages(db, { contactBi: KEY, limit: 50 }),
  newest: (db) => listMessages(db, { limit: 50 }),
  "back in time": (db) => listMessages(db, { before: 2_000, limit: 50 }),
  "by state and channel": (db) => listMessages(db, { state: "failed", channel: "c1", limit: 50 }),
};

/** Every minute. */
const RETENTION: Record<string, (db: Transaction) => Promise<unknown>> = {
  "channels left": (db) => channelsLeft(db, ["c"]),
  restrict: (db) => restrictOverdue(db, { channel: "c", hardMaxAgeMs: 1, unknownSenderMs: 1 }, NOW),
  forget: (db) => forgetContacts(db, "c", "2026-01-01"),
};

/** Tables that grow with what is stored; `lane` holds only open work. */
const GROWING =
  /^((event|message|attachment|delivery|seen|tombstone)(_\d+)?|contact|number_left|patient|patient_phone)$/;

describe("in an epoch that has just been opened", () => {
  test.each(Object.keys(PIPELINE))("the pipeline's %s looks for single rows", expectNarrow);
});

describe("with some thousand messages of one channel stored, and nothing waiting", () => {
  beforeAll(async () => {
    for (const statement of fill(epoch, 1)) await planner.query(statement);
  });

  test.each(Object.keys(PIPELINE))("the pipeline's %s looks for single rows", expectNarrow);
});

describe("with a million messages stored", () => {
  beforeAll(async () => {
    for (const statement of [...fill(epoch, 20), ...asIfMore(epoch)]) await planner.query(statement);
  });

  test("the planner believes there are a million", async () => {
    const { rows } = await planner.query<{ plan: Plan }>("EXPLAIN (FORMAT JSON) SELECT FROM message");
    expect(planOf(rows)["Plan Rows"]).toBeGreaterThan(900_000);
  });

  test("a question that no index answers is noticed", async () => {
    await planner.query("RESET ALL");
    const plans = await plansOf((db) => db.query("SELECT id FROM message WHERE kind = 'image'"));
    expect(plans.flatMap((plan) => readWhole(plan))).toEqual([expect.stringMatching(/^Seq Scan on message_\d+$/)]);
  });

  test.each(Object.keys(PIPELINE))("the pipeline's %s looks for single rows", expectNarrow);

  test.each(Object.keys(RETENTION))("retention's %s finds every row by an index", async (name) => {
    await planner.query("RESET ALL");
    for (const plan of await plansOf(RETENTION[name])) expect(readWhole(plan)).toEqual([]);
  });

  test.each(Object.keys(BROWSER))("the message browser's %s finds every row by an index", async (name) => {
    await planner.query("RESET ALL");
    for (const plan of await plansOf(BROWSER[name])) expect(readWhole(plan)).toEqual([]);
  });
});

describe("with a second epoch", () => {
  beforeAll(() => createEpochs(database.store, 86_400_000).ensure(epoch - 86_400));

  test.each(["settle prepared", "write outcomes", "lock messages", "conclude", "release deletions"])(
    "the pipeline's %s opens only the epoch its rows are in",
    async (name) => {
      expect(await partitionsOpened(PIPELINE[name])).toEqual([epoch]);
    },
  );
});

const OF_A_PARTITION = /^(event|message|attachment|delivery)_\d+_/;

/** As the store's own sessions (src/store/data-source.ts) plan it: once, for whatever comes. */
async function expectNarrow(name: string): Promise<void> {
  await planner.query(
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_bitmapscan = off",
  );
  for (const plan of await plansOf(PIPELINE[name], "GENERIC_PLAN")) expect(wide(plan)).toEqual([]);
}

/** Reads of a growing table by anything but the key of a row, a lane or a patient, or what is due: their cost would grow with a backlog. */
function wide(plan: Plan): string[] {
  const node = plan["Node Type"];
  // A bitmap's index scan names no table, but its index begins with the partition's name.
  const table = node === "Bitmap Index Scan" ? (plan["Index Name"] ?? "") : (plan["Relation Name"] ?? "");
  const grows = node === "Bitmap Index Scan" ? OF_A_PARTITION.test(table) : GROWING.test(table);
  const scans = grows && node.endsWith("Scan") && node !== "Bitmap Heap Scan";
  const narrow = /\b((id|message_id|lane_key|patient_id|patient_bi|phone_bi|user_bi|bi|hash) = |confirm_at <= )/.test(
    plan["Index Cond"] ?? "",
  );
  const found = scans && !narrow ? [`${plan["Node Type"]} on ${table} where ${plan["Index Cond"] ?? "true"}`] : [];
  return [...found, ...(plan.Plans ?? []).flatMap(wide)];
}

interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly "Plan Rows": number;
  readonly Plans?: readonly Plan[];
}

/** The plans of every statement a function sends, none of which is run: for the values it sends, or for whatever comes. */
async function plansOf(
  call: ((db: Transaction) => Promise<unknown>) | undefined,
  form: "VERBOSE" | "GENERIC_PLAN" = "VERBOSE",
): Promise<Plan[]> {
  const plans: Plan[] = [];
  const db: Transaction = {
    transacted: true,
    query: async (text: string, values: readonly unknown[] = []) => {
      const explain = `EXPLAIN (FORMAT JSON, ${form}) ${text}`;
      const { rows } = await (form === "VERBOSE"
        ? planner.query(explain, values as unknown[])
        : planner.query(explain));
      plans.push(planOf(rows));
      return { rows: [], rowCount: 0 };
    },
  };
  await call?.(db);
  expect(plans.length).toBeGreaterThan(0);
  return plans;
}

/** The epochs whose partitions are left when the plan made for whatever comes begins to run with the epoch. */
async function partitionsOpened(call: ((db: Transaction) => Promise<unknown>) | undefined): Promise<number[]> {
  await planner.query("SET plan_cache_mode = force_generic_plan");
  const opened = new Set<number>();
  let statements = 0;
  const db: Transaction = {
    transacted: true,
    query: async (text: string, values: readonly unknown[] = []) => {
      const given = values.map((value) => (value === epoch ? String(epoch) : "NULL"));
      statements += 1;
      const name = `given_${statements}`;
      await planner.query(`PREPARE ${name} AS ${text}`);
      const { rows } = await planner.query(`EXPLAIN (FORMAT JSON) EXECUTE ${name} (${given.join()})`);
      for (const [, of] of JSON.stringify(rows).matchAll(/"Relation Name":"\w+?_(\d+)"/g)) opened.add(Number(of));
      return { rows: [], rowCount: 0 };
    },
  };
  await call?.(db);
  await planner.query("DEALLOCATE ALL");
  return [...opened];
}

function planOf(rows: unknown[]): Plan {
  return (rows[0] as { "QUERY PLAN": { Plan: Plan }[] })["QUERY PLAN"][0]!.Plan;
}

/** Reads of a growing table from end to end: a sequential scan, or an index without a condition and without a limit. */
function readWhole(plan: Plan, limited = false): string[] {
  const within = limited || plan["Node Type"] === "Limit";
  const table = plan["Relation Name"] ?? "";
  const scans = plan["Node Type"].includes("Scan") && GROWING.test(table);
  const whole = plan["Node Type"] === "Seq Scan" || (plan["Index Cond"] === undefined && !within);
  const bitmap = plan["Node Type"] === "Bitmap Heap Scan";
  const found = scans && whole && !bitmap ? [`${plan["Node Type"]} on ${table}`] : [];
  return [...found, ...(plan.Plans ?? []).flatMap((child) => readWhole(child, within))];
}

function outcome(): Parameters<typeof writeOutcomes>[1][number] {
  return {
    ...{ epoch, messageId: ID, kind: "image", destination: "archive", state: "accepted" as const, lastError: null },
    ...{ mappingVersion: "1", sentSha256: "0", receipt: KEY, confirmation: null, confirmAt: null },
    ...{ ackOnly: true, afterFiledMs: 1_000 },
  } as unknown as Parameters<typeof writeOutcomes>[1][number];
}

function intakeBatch(): Parameters<typeof storeIntake>[1] {
  const at = NOW.toISOString();
  const message = {
    ...{
      epoch,
      id: ID,
      eventId: ID,
      channel: "c",
      kind: "text",
      laneKey: KEY,
      seenHash: Buffer.alloc(16),
      externalBi: KEY,
    },
    ...{
      contactBi: null,
      state: "received",
      reason: null,
      receivedAt: at,
      history: "[]",
      sealed: KEY,
      externalId: KEY,
    },
  } as Parameters<typeof storeIntake>[1]["messages"][number];
  return {
    events: [{ epoch, id: ID, channel: "c", receivedAt: at, raw: KEY }],
    messages: [message],
    attachments: [{ epoch, id: ID, messageId: ID, ordinal: 0, sealed: KEY }],
  };
}
