import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { elementUpdate, wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { gradientPng } from "#src/demo/picture.ts";
import { PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

const OTHER = { number: "80000", phone: "4915112345670", kisPhone: "0151 12345670" };

let engine: TestEngine;
beforeEach(async () => {
  engine = await startTestEngine();
});
afterEach(() => engine.close());

/** Of the messages, those the archive got, in its order. */
async function archived(...wamids: string[]): Promise<string[]> {
  const ids = new Map<string, string>();
  for (const one of wamids) ids.set((await engine.until(one, "filed")).id, one);
  const { rows } = await engine.store.query<{ id: string }>(
    `SELECT message_id AS id FROM delivery WHERE destination = 'archive' ORDER BY accepted_at`,
  );
  return rows.flatMap(({ id }) => ids.get(id) ?? []);
}

test("in a group, what one writes does not overtake what another wrote whom an ADT has just changed", async () => {
  await engine.admit();
  await engine.adt({ patient: OTHER.number, phone: OTHER.kisPhone, caseNumber: "F-2026-002" });
  await engine.until(await engine.text("der Engine bekannt"), "filed");
  expect((await engine.adt({ trigger: "A08", givenName: "Erika Maria" })).code).toBe("AA");
  const [first, second] = [wamid(PATIENT.phone), wamid(OTHER.phone)];
  const inGroup = (from: string, id: string, body: string) =>
    elementUpdate({ from, id }, { type: "text", group_id: "a group", text: { body } });
  const { world } = engine;
  const updates = [inGroup(PATIENT.phone, first, "Frage"), inGroup(OTHER.phone, second, "Antwort")];
  expect(await engine.post(world.whatsapp.signedBody(world.whatsapp.batchBody(updates)))).toBe(200);
  expect(await archived(first, second)).toEqual([first, second]);
});

test("a picture being fetched does not overtake what an ADT lets in again before it", async () => {
  const text = await engine.text("noch unbekannt");
  await engine.until(text, "held");
  // What the engine remembers of the number for a minute is forgotten.
  await engine.restart();
  engine.world.whatsapp.behave([{ on: "download", delayMs: 1_000 }]);
  const picture = await engine.image(gradientPng(16, 16));
  await engine.eventually("it is asked for", () => engine.world.whatsapp.requests.length > 0);
  await engine.admit();
  expect(await archived(text, picture)).toEqual([text, picture]);
});
