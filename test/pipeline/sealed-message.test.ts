import { globSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { kindParts } from "#src/simulators/whatsapp-cloud/kinds.ts";
import { batch, elementUpdate, textUpdate, wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import type { MessageDraft } from "#src/message/message.ts";
import { sealDraft } from "#src/pipeline/intake/arrival.ts";
import type { PipelineDeps } from "#src/pipeline/deps.ts";
import { messageOf, openMessage } from "#src/store/sealed/message.ts";
import { cut } from "#src/sources/whatsapp/payload.ts";
import { createTestKeys, type TestKeys } from "../support/keys.ts";

const NUMBER = "106540352242922";
const RECEIVED_AT = "2026-11-24T10:00:00.000Z";
const { CORPUS_DIR } = process.env;

let keys: TestKeys;
beforeAll(async () => {
  keys = await createTestKeys();
});
afterAll(async () => {
  await keys[Symbol.asyncDispose]();
});

function draftsOf(raw: Buffer): MessageDraft[] {
  return [...cut({ raw, receivedAt: RECEIVED_AT }, NUMBER).messages];
}

/** What goes on in memory must be what a later attempt opens from the store. */
function expectSame(drafts: readonly MessageDraft[]): void {
  for (const { attachments: _, ...draft } of drafts) {
    const origin = { epoch: 1_795_500_000, channel: "whatsapp", eventId: crypto.randomUUID(), receivedAt: RECEIVED_AT };
    const { row } = sealDraft(keys as unknown as PipelineDeps, origin, draft);
    const stored = { ...row, receivedAt: new Date(row.receivedAt) };
    expect(messageOf(stored, draft)).toEqual(openMessage(keys.sealer, stored, []).message);
  }
}

describe("a message that goes on in memory is the one that is opened from the store", () => {
  const envelope = { from: "4915112345678", name: "Erika Musterfrau" };

  test("for a text", () => {
    const update = textUpdate({ ...envelope, body: "Guten Tag \ud83d\ude00 \ud83d" });
    expectSame(draftsOf(Buffer.from(JSON.stringify(batch(NUMBER, [update])))));
  });

  test.each(Object.entries(kindParts(wamid("4915112345678"))))("for %s", (_name, part) => {
    const drafts = draftsOf(Buffer.from(JSON.stringify(batch(NUMBER, [elementUpdate(envelope, part)]))));
    expect(drafts).not.toEqual([]);
    expectSame(drafts);
  });

  const paths = CORPUS_DIR === undefined ? [] : globSync(`${CORPUS_DIR}/whatsapp/**/*.json`).sort();
  (paths.length > 0 ? test : test.skip)("for whatever others have recorded", () => {
    const drafts = paths.flatMap((path) => draftsOf(readFileSync(path)));
    expect(drafts.length).toBeGreaterThan(paths.length / 2);
    expectSame(drafts);
  });
});
