import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { place } from "#src/store/sealed/message.ts";
import type { RetentionDeps } from "#src/retention/deps.ts";
import { openLedger } from "#src/retention/ledger.ts";
import { purgeDue } from "#src/retention/purge.ts";
import { openAt } from "#src/store/sealed/place.ts";
import {
  change,
  createIntakeHarness,
  HOUR_MS,
  NOW,
  text,
  value,
  type IntakeHarness,
} from "../pipeline/intake-harness.ts";

let harness: IntakeHarness;
let retention: RetentionDeps;
beforeAll(async () => {
  harness = await createIntakeHarness();
  retention = {
    ...harness,
    ledger: openLedger(join(harness.directory, "ledger")),
    clock: () => harness.world.now,
    steady: () => harness.world.now,
    log: () => undefined,
    journal: async () => undefined,
    metrics: { count: () => undefined, gauge: () => undefined },
    epochLengthMs: HOUR_MS,
  };
});
afterAll(() => harness.close());

const EPOCH = Math.floor(NOW / HOUR_MS) * 3_600;
const notices = () =>
  harness.rows<{ id: string; epoch: number; sealed: Buffer }>("SELECT id, epoch, sealed FROM notice ORDER BY seq");
const purgeAt = (hours: number) => {
  harness.world.now = NOW + hours * HOUR_MS;
  return purgeDue(retention);
};

describe("an epoch that holds notices only", () => {
  test("stays while one is to be kept, and is purged whole after that; the status stays", async () => {
    await harness.take(change(value({ statuses: [{ id: "wamid.only", status: "read" }] })));
    expect((await notices()).map(({ epoch }) => epoch)).toEqual([EPOCH]);
    expect(await purgeAt(23)).toEqual([]);
    expect(await purgeAt(25)).toEqual([EPOCH]);
    expect(await notices()).toEqual([]);
    expect(await harness.rows(`SELECT FROM pg_class WHERE relname = 'notice_${EPOCH}'`)).toEqual([]);
    expect(() => harness.keyring.openEpochKey(EPOCH)).toThrow();
    expect(await harness.rows("SELECT state FROM outbound_status")).toEqual([{ state: "read" }]);
    await harness.take(change(value({ statuses: [{ id: "wamid.only", status: "read" }] })));
    expect(await notices()).toEqual([]);
  });
});

describe("an epoch that must go while a notice in it is still to be kept", () => {
  test("gives it to the current one, still readable", async () => {
    await harness.clear();
    const start = (NOW + 100 * HOUR_MS) / 1_000;
    harness.world.now = NOW + 100 * HOUR_MS;
    await harness.take(change(value({ messages: [text("wamid.old")] })));
    await harness.store.query("UPDATE message SET state = 'filed', filed_at = received_at, retain_until = received_at");
    await harness.take(change({ event: "PIN_CHANGED" }, "security"));
    expect(await purgeAt(103)).toContain(start);
    const [kept] = await notices();
    expect(kept?.epoch).toBe(start + 3 * 3_600);
    const opened = openAt(harness.sealer, place.notice(kept!.epoch, kept!.id), kept!.sealed);
    expect(opened).toMatchObject({ raw: { element: { event: "PIN_CHANGED" } } });
  });

  test("a held message in it does not keep notices for ever", async () => {
    await harness.clear();
    harness.world.now = NOW + 200 * HOUR_MS;
    await harness.take(change(value({ messages: [{ ...text(`wamid.${randomUUID()}`), type: "hologram" }] })));
    await harness.take(change({ event: "PIN_CHANGED" }, "security"));
    expect(await purgeAt(225)).toContain((NOW + 200 * HOUR_MS) / 1_000);
    expect(await notices()).toEqual([]);
    expect(await harness.rows("SELECT state FROM message")).toEqual([{ state: "held" }]);
  });
});
