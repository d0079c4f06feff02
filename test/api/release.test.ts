import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { messageDetailSchema } from "#src/api/message-schema.ts";
import { problemSchema } from "#src/api/problem.ts";
import type { StoredContent, Verdict } from "#src/message/attachment.ts";
import { attachmentId } from "#src/message/id.ts";
import { place } from "#src/store/sealed/message.ts";
import { sealAt } from "#src/store/sealed/place.ts";
import { CHANNEL, createHarness, type Harness } from "./harness.ts";

const PATH = "/api/v1/messages";
const DECISION = { released_by: "Dr. M. Beispiel", reason: "checked on an isolated machine" };
const STORED: StoredContent = { sha256: "a".repeat(64), sha1: "b".repeat(40), bytes: 7, type: "application/zip" };

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterEach(() => harness.clear());
afterAll(() => harness.close());

/** A held image whose attachments have these verdicts; those that were fetched have bytes. */
async function held(reason: string, ...attachments: readonly [Verdict, StoredContent?][]): Promise<string> {
  const { id } = await harness.put({ state: "held", reason, body: { content: { kind: "image" } } });
  for (const [ordinal, [verdict, stored]] of attachments.entries()) {
    const attachment = attachmentId(id, ordinal);
    const body = { reference: { mediaId: "1", fileName: "Befund Kanarienvogel.zip" }, ...(stored && { stored }) };
    const sealed = sealAt(harness.sealer, place.attachment(harness.epoch, attachment), body);
    await harness.store.query(
      `INSERT INTO attachment (epoch, id, message_id, ordinal, verdict, bytes, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [harness.epoch, attachment, id, ordinal, verdict, stored?.bytes ?? null, sealed],
    );
  }
  return id;
}

const release = (id: string, body: object = DECISION, changed = {}) =>
  harness.client(changed).post(`${PATH}/${id}/release`).send(body);
const look = async (id: string) => messageDetailSchema.parse((await harness.client().get(`${PATH}/${id}`)).body);

describe("POST /api/v1/messages/:id/release", () => {
  test("lets a quarantined message go on with its attachments as they are; the journal keeps who and why", async () => {
    const id = await held("quarantine", ["clean", STORED], ["quarantined", STORED], ["pending"]);
    const { body } = await release(id).expect(202);
    const shown = messageDetailSchema.parse(body);
    expect(shown).toMatchObject({ id, state: "received", reason: null });
    expect(shown.attachments.map(({ verdict }) => verdict)).toEqual(["clean", "released", "pending"]);
    expect(harness.woken).toEqual([CHANNEL]);
    expect(harness.journal).toEqual([
      { action: "message.released", actor: "token:env", subject: id, detail: DECISION },
    ]);
    const { rows } = await harness.store.query("SELECT channel, stage, open FROM lane");
    expect(rows).toEqual([{ channel: CHANNEL, stage: "prepare", open: 1 }]);
  });

  test("answers 400 for U+0000, which no journal can keep", async () => {
    const id = await held("quarantine", ["quarantined", STORED]);
    await release(id, { ...DECISION, reason: "checked\u0000" }).expect(400);
    await release(id, { ...DECISION, released_by: "Dr.\u0000" }).expect(400);
    expect(await look(id)).toMatchObject({ state: "held" });
  });

  test.each<[string, [Verdict, StoredContent?][]]>([
    ["bytes that are gone", [["gone"]]],
    ["bytes that never came whole", [["quarantined"]]],
    ["one of several that has none", [["quarantined", STORED], ["gone"]]],
  ])("answers 409 for %s", async (_, attachments) => {
    const id = await held("quarantine", ...attachments);
    const { body } = await release(id).expect(409);
    expect(problemSchema.parse(body).type).toBe("urn:botenstoff:problem:not-releasable");
    expect(await look(id)).toMatchObject({ state: "held", reason: "quarantine" });
    expect([harness.journal, harness.woken]).toEqual([[], []]);
  });

  test("answers 409 for a message held for another reason, and one that is not held", async () => {
    await release(await held("unknown", ["quarantined", STORED])).expect(409);
    await release((await harness.put({ state: "filed" })).id).expect(409);
  });

  test.each([
    ["nobody who decided", { reason: "x" }],
    ["no reason", { released_by: "x", reason: "  " }],
    ["a novel", { released_by: "x", reason: "y".repeat(501) }],
    ["a misspelt member", { ...DECISION, reson: "x" }],
    ["no object", [1]],
  ])("answers 400 for %s, and says nothing of what was sent", async (_, body) => {
    const id = await held("quarantine", ["quarantined", STORED]);
    const answer = await release(id, body).expect(400);
    expect(problemSchema.parse(answer.body).type).toBe("urn:botenstoff:problem:invalid-body");
    expect(answer.text).not.toContain("yyy");
    expect(await look(id)).toMatchObject({ state: "held" });
  });

  test("answers 400 for broken JSON and 413 for a body no decision needs", async () => {
    const id = await held("quarantine", ["quarantined", STORED]);
    const send = (text: string) =>
      harness.client().post(`${PATH}/${id}/release`).set("Content-Type", "application/json").send(text);
    await send("{").expect(400);
    await send(JSON.stringify({ ...DECISION, reason: "y".repeat(9_000) })).expect(413);
  });

  test("needs the token, and a message that exists", async () => {
    const id = await held("quarantine", ["quarantined", STORED]);
    await harness.client().raw.post(`${PATH}/${id}/release`).send(DECISION).expect(401);
    await release("00000000-0000-4000-8000-000000000000").expect(404);
    await release("no-id").expect(404);
  });

  test("changes nothing when the journal refuses the entry", async () => {
    const id = await held("quarantine", ["quarantined", STORED]);
    await release(id, DECISION, { journal: () => Promise.reject(new Error("no")) }).expect(500);
    expect(await look(id)).toMatchObject({ state: "held", attachments: [{ verdict: "quarantined" }] });
  });
});

describe("GET /api/v1/messages/:id", () => {
  test("shows what is known of the attachments, without anything their sender wrote", async () => {
    const original = { sha256: "c".repeat(64), bytes: 9 };
    const id = await held("quarantine", ["clean", { ...STORED, original }], ["gone"]);
    const { text } = await harness.client().get(`${PATH}/${id}`).expect(200);
    expect(messageDetailSchema.parse(JSON.parse(text)).attachments).toEqual([
      {
        id: attachmentId(id, 0),
        verdict: "clean",
        type: "application/zip",
        bytes: 7,
        sha256: STORED.sha256,
        original_sha256: original.sha256,
      },
      { id: attachmentId(id, 1), verdict: "gone", type: null, bytes: null, sha256: null, original_sha256: null },
    ]);
    expect(text).not.toContain("Kanarienvogel");
  });
});
