import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { messageListSchema } from "#src/api/message-schema.ts";
import { createDirectory, type Directory } from "#src/identity/directory.ts";
import { completeNumbers } from "#src/identity/number-index.ts";
import { phoneKey } from "#src/identity/phone.ts";
import type { Encounter } from "#src/message/directory.ts";
import { place, type FrozenContext } from "#src/store/sealed/message.ts";
import { sealAt } from "#src/store/sealed/place.ts";
import { at, merge, pi, told, vn } from "../identity/harness.ts";
import { CHANNEL, createHarness, NOW, type Harness } from "./harness.ts";

const PATH = "/api/v1/messages/find";
const ANNA = "4915112345678";

let harness: Harness;
let directory: Directory;
let anna: string;
let berta: string;
beforeAll(async () => {
  harness = await createHarness();
  const { store, sealer, keys } = harness;
  directory = createDirectory({
    store,
    sealer,
    blindIndex: keys.blindIndex,
    clock: () => NOW,
    onChanged: () => Promise.resolve(),
  });
});
beforeEach(async () => {
  const one = await directory.apply({
    type: "update",
    updates: [
      {
        ...told(1, "0004711", { phones: { "PID-13": [ANNA] } }),
        case: { number: vn("F-1"), state: { is: "open", certain: true } },
      },
    ],
  });
  const other = await directory.apply({ type: "update", updates: [told(1, "4712")] });
  [anna, berta] = [one, other].map(({ evidence }) => (evidence as { patients: string[] }).patients[0]!) as [
    string,
    string,
  ];
});
afterEach(async () => {
  harness.journal.length = 0;
  await harness.store.query("TRUNCATE patient CASCADE");
  await harness.clear();
});
afterAll(() => harness.close());

/** A filed message of the patient's, in a case where one is given. */
async function filed(patient: string, caseNumber?: string, channel = CHANNEL) {
  const { id } = await harness.put({ state: "filed", channel });
  const encounter: Encounter | undefined =
    caseNumber === undefined ? undefined : { number: vn(caseNumber), open: true };
  const frozen: FrozenContext = {
    routedAt: "",
    params: {},
    subject: { patient: { identifiers: [], phones: [] }, level: 1, ...(encounter && { encounter }) },
  };
  await harness.store.query("UPDATE message SET patient_bi = $2, contact_bi = $3, routed = $4 WHERE id = $1", [
    id,
    harness.keys.blindIndex.of("patient", patient),
    phoneKey(harness.keys.blindIndex, ANNA),
    sealAt(harness.sealer, place.message(harness.epoch, id, "routed"), frozen),
  ]);
  return id;
}

async function found(body: object): Promise<string[]> {
  const ids: string[] = [];
  let after: string | undefined;
  for (;;) {
    const answer = await harness
      .client()
      .post(PATH)
      .send({ ...body, after })
      .expect(200);
    const page = messageListSchema.parse(answer.body);
    ids.push(...page.items.map(({ id }) => id));
    if (page.next === null) return ids;
    after = page.next;
  }
}

describe("finding messages", () => {
  test("by patient number, with and without the zeros before it, and nobody else's", async () => {
    const [first, second] = [await filed(anna), await filed(anna)];
    await filed(berta);
    for (const number of ["0004711", "4711", " 4711 "])
      expect(await found({ patient_number: number })).toEqual([second, first]);
    expect(await found({ patient_number: "471" })).toEqual([]);
  });

  test("by a number the patient had before a merge", async () => {
    const id = await filed(anna);
    await directory.apply({ type: "update", updates: [merge(2, "9000", "0004711")] });
    expect(await found({ patient_number: "4711" })).toEqual([id]);
    expect(await found({ patient_number: "9000" })).toEqual([id]);
  });

  test("by case: what was filed to it, under every number it has had, and not what else its patient wrote", async () => {
    const inCase = await filed(anna, "F-1");
    await filed(anna);
    await filed(anna, "F-0");
    const renamed = {
      stamp: at(3),
      patient: { identifiers: [pi("0004711")] },
      cases: [{ from: vn("F-1"), to: vn("F-9") }],
    };
    await directory.apply({ type: "update", updates: [renamed] });
    expect(await found({ case_number: "F-1" })).toEqual([inCase]);
    expect(await found({ case_number: "f-9" })).toEqual([inCase]);
    expect(await found({ case_number: "F-9", patient_number: "4711" })).toEqual([inCase]);
    expect(await found({ case_number: "F-9", patient_number: "4712" })).toEqual([]);
  });

  test("by case over many messages, a page at a time, each once", async () => {
    const wanted = [await filed(anna, "F-1"), await filed(anna, "F-1"), await filed(anna, "F-1")];
    await filed(anna);
    expect(await found({ case_number: "F-1", limit: 1 })).toEqual(wanted.toReversed());
  });

  test("by phone number, however it is written, together with everything the list knows", async () => {
    const id = await filed(anna);
    await harness.put();
    for (const phone of ["+49 151 12345678", "0151/12345678", "004915112345678", ANNA])
      expect(await found({ phone })).toEqual([id]);
    expect(await found({ phone: ANNA, state: "filed", channel: CHANNEL, kind: "text" })).toEqual([id]);
    expect(await found({ phone: ANNA, state: "held" })).toEqual([]);
    expect(await found({ phone: ANNA, patient_number: "4712" })).toEqual([]);
  });

  test("refuses what is no number, and does not repeat it", async () => {
    const { text } = await harness.client().post(PATH).send({ phone: "Erika 0151" }).expect(400);
    expect(text).not.toContain("Erika");
  });

  test("is journaled with what kind of search it was and keyed hashes, never with what was searched for", async () => {
    await filed(anna);
    await found({ patient_number: "4711", phone: ANNA });
    const [entry] = harness.journal;
    expect(entry).toMatchObject({ action: "messages.searched", detail: { found: 1 } });
    expect(Object.keys(entry?.detail ?? {})).toEqual(["patient_number", "phone", "found"]);
    expect(JSON.stringify(harness.journal)).not.toMatch(/4711|15112345678/);
  });

  test("without anything personal is a plain list, and no search of the journal's", async () => {
    const { id } = await harness.put();
    expect(await found({ state: "received" })).toEqual([id]);
    expect(harness.journal).toEqual([]);
  });

  test("takes a right of its own for patients, cases and numbers, on the channels it is given for", async () => {
    const id = await filed(anna);
    await filed(anna, undefined, "second");
    const tokenOf = (role: "engineer" | "clerk") =>
      harness.store.transaction((db) =>
        harness.deps.access.tokens.create(db, { name: role, roles: [role], channels: [CHANNEL] }, "test"),
      );
    const [engineer, clerk] = [await tokenOf("engineer"), await tokenOf("clerk")];
    const ask = (token: string | undefined, body: object) =>
      harness.client().raw.post(PATH).set("Authorization", `Bearer ${token}`).send(body);
    await ask(engineer, { patient_number: "4711" }).expect(403);
    await ask(engineer, { state: "held" }).expect(200);
    const { body } = await ask(clerk, { patient_number: "4711" }).expect(200);
    expect(messageListSchema.parse(body).items.map((item) => item.id)).toEqual([id]);
  });

  test("finds what was stored before numbers were found by their value, once the engine has completed it", async () => {
    const id = await filed(anna, "F-1");
    await harness.store.query("UPDATE patient_identifier SET value_bi = NULL");
    await harness.store.query("UPDATE encounter SET value_bi = NULL");
    expect(await found({ patient_number: "4711" })).toEqual([]);
    while ((await completeNumbers(harness.keys, harness.store)) > 0);
    expect(await found({ patient_number: "4711" })).toEqual([id]);
    expect(await found({ case_number: "F-1" })).toEqual([id]);
  });
});
