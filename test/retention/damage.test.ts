import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { place } from "#src/store/sealed/message.ts";
import { checkKeyring } from "#src/retention/check-keyring.ts";
import type { RetentionDeps } from "#src/retention/deps.ts";
import { checkLedger, purgeDue, replayLedger } from "#src/retention/purge.ts";
import { createEpochs } from "#src/store/epochs.ts";
import { createTestStore, type TestStore } from "../support/database.ts";
import { createTestKeys, type TestKeys } from "../support/keys.ts";
import { retentionOn } from "./harness.ts";

const LENGTH_MS = 60_000;
const START = Date.parse("2026-11-23T10:00:00Z");
const FIRST = START / 1_000;
const SECOND = FIRST + LENGTH_MS / 1_000;

describe("retention", () => {
  let database: TestStore;
  let keys: TestKeys;
  let now: number;
  let told: string[];
  let deps: RetentionDeps;

  beforeEach(async () => {
    [database, keys, now, told] = [await createTestStore(), await createTestKeys(), START, []];
    deps = depsOf(database);
    for (const epoch of [FIRST, SECOND]) await deps.epochs.ensure(epoch);
  });
  afterEach(async () => {
    await database[Symbol.asyncDispose]();
    await keys[Symbol.asyncDispose]();
  });

  const depsOf = ({ store }: TestStore): RetentionDeps =>
    retentionOn(store, keys, LENGTH_MS, () => now, { log: (level, event) => told.push(`${level} ${event}`) });

  /** A message as the pipeline would have left it. @returns its id */
  async function message(epoch: number, state: string, lane: string = randomUUID()): Promise<string> {
    const id = randomUUID();
    const [sealed, externalId] = [place.message(epoch, id, "sealed"), place.externalId(epoch, id)].map((at) =>
      keys.sealer.seal(at, Buffer.from("{}")),
    );
    await database.store.query(
      `INSERT INTO message (epoch, id, seq, event_id, channel, kind, lane_key, external_bi, state, received_at, state_at,
         history, sealed, external_id, retain_until)
       VALUES ($1, $2, 1, $2, 'c', 'text', $3, '', $4, $5, $5, '[]', $6, $7, CASE WHEN $4 = 'filed' THEN $5::timestamptz END)`,
      [epoch, id, Buffer.from(lane), state, new Date(START), sealed, externalId],
    );
    return id;
  }

  const epochOf = async (id: string) => {
    const { rows } = await database.store.query<{ epoch: number }>("SELECT epoch FROM message WHERE id = $1", [id]);
    return rows[0]?.epoch;
  };

  it("purges the other epochs where one holds what cannot be read any more, and names it", async () => {
    const damaged = await message(FIRST, "held");
    await message(FIRST, "filed");
    const filed = await message(SECOND, "filed");
    await database.store.query("UPDATE message SET sealed = sealed || '0' WHERE id = $1", [damaged]);
    now += 5 * LENGTH_MS;
    const left: number[][] = [];
    expect(await purgeDue(deps, (epochs) => left.push([...epochs]))).toEqual([SECOND]);
    expect(left).toEqual([[FIRST]]);
    expect([await epochOf(damaged), await epochOf(filed)]).toEqual([FIRST, undefined]);
    expect(told).toContain("error epoch.not_purged");
  });

  it("waits with an epoch that takes what arrives past its end, after a change to longer ones, and does not spin", async () => {
    const held = await message(SECOND, "held");
    await message(SECOND, "filed");
    const day = 86_400_000;
    const longer = { ...deps, epochs: createEpochs(database.store, day), epochLengthMs: day };
    now += 10 * LENGTH_MS;
    await purgeDue(longer);
    expect(await epochOf(held)).toBe(SECOND);
    now += day;
    expect(await purgeDue(longer)).toContain(SECOND);
    expect(await epochOf(held)).toBeGreaterThan(SECOND);
  });

  it("lets an engine start on a backup from before an epoch that was opened and purged since", async () => {
    await using restored = await createTestStore();
    await message(SECOND, "filed");
    now += 5 * LENGTH_MS;
    await purgeDue(deps);
    await expect(checkLedger(depsOf(restored))).resolves.toBeUndefined();
  });

  it("names what a backup brought back that was not filed in it, and stops no conversation for it", async () => {
    const [held, failed] = [await message(FIRST, "held", "a"), await message(FIRST, "failed", "b")];
    await message(FIRST, "filed", "c");
    await database.store.query(
      `INSERT INTO lane (channel, stage, key, open, opened_at, ready_at, token, parked_at, reason)
       VALUES ('c', 'archive', 'b', 1, now(), now(), 1, now(), 'DESTINATION_REFUSED')`,
    );
    deps.ledger.append({ epoch: FIRST, purgeId: randomUUID(), at: new Date(now).toISOString() });
    await expect(checkLedger(deps)).rejects.toThrow("back in the database");
    expect(await replayLedger(deps)).toEqual({ epochs: [FIRST], unfiled: [held, failed].sort() });
    await checkLedger(deps);
    const { rows } = await database.store.query("SELECT parked_at FROM lane");
    expect(rows).toEqual([{ parked_at: null }]);
  });

  it("refuses a keyring as new as the database is not: a data directory that is not mounted", async () => {
    await checkKeyring(deps);
    await database.store.query("INSERT INTO seen VALUES (gen_random_uuid(), gen_random_uuid(), now())");
    await expect(checkKeyring(deps)).rejects.toMatchObject({ code: "KEYRING_MISSING" });
    keys.blindIndex.seen("c", "wamid", "");
    await checkKeyring(deps);
  });
});
