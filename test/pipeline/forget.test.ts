import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import type { PipelineDeps } from "#src/pipeline/deps.ts";
import { startForgetting } from "#src/pipeline/follow/forget.ts";
import { place } from "#src/store/sealed/message.ts";
import { sealAt } from "#src/store/sealed/place.ts";
import { createTestStore, type TestStore } from "../support/database.ts";
import { createTestKeys, type TestKeys } from "../support/keys.ts";

const CHANNEL = "whatsapp-to-kis";
const AT_ONCE = 8;

let database: TestStore;
let keys: TestKeys;
beforeAll(async () => {
  database = await createTestStore();
  keys = await createTestKeys();
});
afterEach(async () => {
  await database.store.query("TRUNCATE media_deletion");
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await keys[Symbol.asyncDispose]();
});

/** Notes copies to be deleted, named 0, 1, … */
async function note(count: number, due: "now()" | "NULL" = "now()"): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const id = crypto.randomUUID();
    const sealed = sealAt(keys.sealer, place.deletion(id), { mediaId: String(index) });
    await database.store.query(
      `INSERT INTO media_deletion (attachment_id, message_id, channel, sealed, noted_at, due_at)
       VALUES ($1, $1, '${CHANNEL}', $2, now(), ${due})`,
      [id, sealed],
    );
  }
}

/** A provider that deletes as told, and what it saw. */
function provider(remove: (mediaId: string, signal: AbortSignal) => Promise<unknown>) {
  const seen = { asked: 0, atOnce: 0, most: 0, statements: 0, writes: 0 };
  const forget = async ({ mediaId }: { mediaId: string }, signal: AbortSignal) => {
    seen.asked += 1;
    seen.atOnce += 1;
    seen.most = Math.max(seen.most, seen.atOnce);
    await remove(mediaId, signal).finally(() => (seen.atOnce -= 1));
    return "deleted";
  };
  const query: typeof database.store.query = async (text, values) => {
    const answer = await database.store.query(text, values);
    seen.statements += 1;
    if ((answer.rowCount ?? 0) > 0) seen.writes += 1;
    return answer as never;
  };
  const deps = {
    ...keys,
    store: { ...database.store, query },
    channels: () => ({ id: CHANNEL, source: { forget } }),
    log: () => undefined,
    metrics: { count: () => undefined },
  } as unknown as PipelineDeps;
  return { seen, deps };
}

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await sleep(5);
}

async function left() {
  const { rows } = await database.store.query<{ attempts: number; due: boolean }>(
    "SELECT attempts, due_at <= now() AS due FROM media_deletion",
  );
  return rows;
}

test("copies at the provider are deleted some at a time, and a round of many is written twice", async () => {
  await note(60);
  const { deps, seen } = provider(() => sleep(2));
  const forgetting = startForgetting(deps);
  await until(async () => (await left()).length === 0);
  await forgetting.stop();
  expect(seen).toMatchObject({ asked: 60, most: AT_ONCE, writes: 2 });
});

test("nothing is written while nothing is due", async () => {
  await note(3, "NULL");
  const { deps, seen } = provider(() => sleep(0));
  const forgetting = startForgetting(deps, 1);
  await until(() => seen.statements > 6);
  await forgetting.stop();
  expect(seen).toMatchObject({ asked: 0, writes: 0 });
});

test("what the provider refuses is put off, and does not keep the others", async () => {
  await note(10);
  const { deps } = provider(async (mediaId) => {
    if (Number(mediaId) % 5 === 0) throw new Error("refused");
  });
  const forgetting = startForgetting(deps);
  await until(async () => (await left()).every(({ attempts }) => attempts === 1));
  await forgetting.stop();
  expect(await left()).toEqual(Array.from({ length: 2 }, () => ({ attempts: 1, due: false })));
});

test("an engine that stops books what it has deleted and begins no more; the rest comes due again", async () => {
  await note(20);
  const { deps, seen } = provider(async (mediaId, signal) => {
    if (Number(mediaId) >= 4) await sleep(60_000, undefined, { signal });
  });
  const forgetting = startForgetting(deps);
  await until(() => seen.asked === 4 + AT_ONCE);
  await forgetting.stop();
  expect(seen.asked).toBe(4 + AT_ONCE);
  expect(await left()).toEqual(Array.from({ length: 16 }, () => ({ attempts: 0, due: false })));
});
