import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { ShownMessage } from "#src/demo/api-client.ts";
import { controlId } from "#src/message/id.ts";
import { startTestEngine, type TestEngine } from "../engine/harness.ts";
import { say, someoneAs, someoneOn, taskAt, taskOf, typed, type Person } from "./desk.ts";

let engine: TestEngine;
let clara: Person;
let paul: Person;
let next = 4915170000000;
beforeAll(async () => {
  engine = await startTestEngine();
  clara = await someoneAs(engine, "clara", "clerk");
  paul = await someoneAs(engine, "paul", "approver");
  await engine.adt({ patient: "79471", caseNumber: "F-2026-001", phone: "0151 99999999" });
  await engine.adt({ patient: "79472", caseNumber: "F-2026-002", phone: "0151 99999998", familyName: "Anders" });
});
afterAll(() => engine.close());

const stranger = () => String((next += 1));
const held = async (from: string, text = "Wer bin ich?") => engine.until(await engine.text(text, from), "held");
const state = async ({ id }: ShownMessage) => (await engine.api.get<ShownMessage>(`/api/v1/messages/${id}`)).state;
const filed = (message: ShownMessage) => engine.eventually("filed", async () => (await state(message)) === "filed");
const HERS = [typed.patient("79471"), typed.case("f 2026 001")];

describe("a stranger", () => {
  it("is a task until two persons have said who it is; then everything is filed, in order, and so is what comes after", async () => {
    const from = stranger();
    const [first, second] = [await held(from, "eins"), await held(from, "zwei")];
    const task = await taskOf(clara, first);
    expect(task).toMatchObject({ state: "open", messages: 2, reasons: { unknown: 2 }, candidates: [] });
    expect(await say(clara, task.id, HERS)).toMatchObject({ status: 200, body: { outcome: "proposed" } });
    expect([await state(first), await state(second)]).toEqual(["held", "held"]);
    const approved = await paul.post(`/api/v1/clearing/${task.id}/approve`, { identifier: typed.born("12.8.1964") });
    expect(approved).toMatchObject({ status: 200, body: { outcome: "assigned" } });
    await filed(first);
    await filed(second);
    await engine.until(await engine.text("drei", from), "filed");
    const list = await clara.get("/api/v1/clearing?limit=500");
    expect((list.body["items"] as { id: string }[]).map(({ id }) => id)).not.toContain(task.id);
  });

  it("stays one where one identifier is another patient's: no match, and nothing more is told", async () => {
    const task = await taskOf(clara, await held(stranger()));
    const answer = await clara.post(`/api/v1/clearing/${task.id}/match`, {
      identifiers: [typed.patient("79471"), typed.case("F-2026-002")],
    });
    expect(answer).toEqual({ status: 200, body: { match: false, proof: null, patient: null, misses_left: 4 } });
  });

  it("is filed once where only what is held was meant, and is a stranger again after that", async () => {
    const from = stranger();
    const message = await held(from);
    const task = await taskOf(clara, message);
    await say(clara, task.id, HERS, { scope: "once" });
    await paul.post(`/api/v1/clearing/${task.id}/approve`, { identifier: typed.patient("79471") });
    await filed(message);
    await held(from);
  });

  it("who is not ours is filtered, and can be let in again", async () => {
    const message = await held(stranger());
    const task = await taskOf(clara, message);
    const rejected = await clara.post(`/api/v1/clearing/${task.id}/reject`, { reason: "wrong_number", answer: true });
    expect(rejected).toMatchObject({ status: 200, body: { outcome: "rejected" } });
    expect(await state(message)).toBe("filtered");
    expect(await engine.api.reprocess(message.id)).toBe(202);
    await engine.eventually("held again", async () => (await state(message)) === "held");
  });
});

describe("four eyes", () => {
  it("are two people: whoever proposed confirms nothing, whatever roles he has", async () => {
    const both = await someoneAs(engine, "both", "clerk", "approver");
    const message = await held(stranger());
    const task = await taskOf(both, message);
    await say(both, task.id, HERS);
    const own = await both.post(`/api/v1/clearing/${task.id}/approve`, { identifier: typed.patient("79471") });
    expect(own).toMatchObject({ status: 409, body: { type: "urn:botenstoff:problem:clearing-same-person" } });
    expect(await state(message)).toBe("held");
  });

  it("catch a mistake: what the second person types is not the proposed patient's, and nothing moves", async () => {
    const message = await held(stranger());
    const task = await taskOf(clara, message);
    await say(clara, task.id, [typed.patient("79472"), typed.case("F-2026-002")]);
    const approved = await paul.post(`/api/v1/clearing/${task.id}/approve`, { identifier: typed.patient("79471") });
    expect(approved).toMatchObject({ status: 409, body: { type: "urn:botenstoff:problem:clearing-no-match" } });
    expect(await paul.post(`/api/v1/clearing/${task.id}/decline`, { reason: "andere Person" })).toMatchObject({
      status: 200,
      body: { outcome: "declined" },
    });
    expect(await state(message)).toBe("held");
    const links =
      "SELECT FROM patient_link JOIN message ON message.contact_bi = patient_link.contact_bi WHERE message.id = $1";
    expect((await engine.store.query(links, [message.id])).rowCount).toBe(0);
    expect(engine.world.fhir.chart.read(`Communication/${message.id}`)).toBeUndefined();
    expect(engine.world.mllp.documents.get(controlId(message.id, "document"))).toBeUndefined();
    // Nor is the next message of theirs taken for that patient's.
    expect((await held(String(next))).reason).toBe("unknown");
  });
});

describe("five misses", () => {
  it("lock the case, for the right identifiers too, until somebody who missed none unlocks it", async () => {
    const message = await held(stranger());
    const task = await taskOf(clara, message);
    const match = (identifiers: unknown) => clara.post(`/api/v1/clearing/${task.id}/match`, { identifiers });
    const wrong = [typed.patient("1"), typed.case("2")];
    for (let miss = 0; miss < 5; miss += 1) expect((await match(wrong)).status).toBe(200);
    expect((await match(HERS)).status).toBe(409);
    expect(await taskAt(clara, task.id)).toMatchObject({ state: "locked", misses_left: 0 });
    expect((await clara.post(`/api/v1/clearing/${task.id}/unlock`, { reason: "versehentlich" })).status).toBe(403);
    expect((await paul.post(`/api/v1/clearing/${task.id}/unlock`, { reason: "Zahlendreher" })).status).toBe(200);
    expect((await match(HERS)).body).toMatchObject({ match: true });
  });
});

describe("a clerk of another channel", () => {
  it("sees no task and decides none", async () => {
    const task = await taskOf(clara, await held(stranger()));
    const other = await someoneOn(engine, "other", ["elsewhere"], "clerk");
    expect((await other.get("/api/v1/clearing")).body).toEqual({ items: [], next: null });
    for (const verb of ["match", "reject"]) {
      const body = verb === "match" ? { identifiers: HERS } : { reason: "other" };
      expect((await other.post(`/api/v1/clearing/${task.id}/${verb}`, body)).status).toBe(404);
    }
  });
});

describe("nothing that was typed", () => {
  it("stands in the journal or in the log", async () => {
    const task = await taskOf(clara, await held(stranger()));
    await clara.post(`/api/v1/clearing/${task.id}/match`, {
      identifiers: [typed.patient("geheim-4711"), typed.born("24.12.1931")],
    });
    const { rows } = await engine.store.query<{ detail: unknown }>("SELECT detail FROM journal");
    for (const text of [JSON.stringify(rows), JSON.stringify(engine.logged)])
      for (const part of ["geheim", "24.12.1931", "1931-12-24", `"79471"`, "F-2026"]) expect(text).not.toContain(part);
  });
});

describe("numbers that lead to nobody for certain", () => {
  it("are shown to whoever corrects the KIS as keyed hashes and nothing else, and not to whoever does not", async () => {
    const names = { familyName: "Zwiesel", birthDate: "19550505" };
    await engine.adt({ patient: "99101", caseNumber: "F-99101", phone: "0151 70099101", ...names });
    await engine.adt({ patient: "99102", caseNumber: "F-99102", phone: "0151 70099101", ...names });
    const engineer = await someoneAs(engine, "ingo", "engineer");
    const { rows } = await engine.store.query<{ bi: Buffer }>(
      "SELECT bi FROM patient_phone GROUP BY bi HAVING count(*) > 1 ORDER BY bi",
    );
    for (const person of [clara, engineer]) {
      const { status, body } = await person.get("/api/v1/directory/conflicts?limit=500");
      const items = body["items"] as { number: string; kind: string; patients: string[] }[];
      const shared = items.filter(({ kind }) => kind === "shared");
      expect([status, shared.map(({ number }) => number)]).toEqual([200, rows.map(({ bi }) => bi.toString("hex"))]);
      expect(items.every((item) => Object.keys(item).sort().join() === "kind,number,patients,since")).toBe(true);
      expect(shared.every(({ patients }) => patients.length > 1)).toBe(true);
      for (const told of ["70099101", "Zwiesel"]) expect(JSON.stringify(body)).not.toContain(told);
    }
    const some = await clara.get("/api/v1/directory/conflicts?limit=1");
    expect(some.body["items"]).toHaveLength(1);
    for (const role of ["approver", "admin", "auditor", "clinician"] as const) {
      const other = await someoneAs(engine, `other-${role}`, role);
      expect((await other.get("/api/v1/directory/conflicts")).status).toBe(403);
      expect((await other.get("/api/v1/directory")).status).toBe(403);
    }
    const state = await clara.get("/api/v1/directory");
    expect(state.body["shared_numbers"]).toBeGreaterThan(0);
  });
});
