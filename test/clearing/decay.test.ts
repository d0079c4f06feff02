import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import type { ShownMessage } from "#src/demo/api-client.ts";
import { controlId } from "#src/message/id.ts";
import { wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { startTestEngine, type TestEngine } from "../engine/harness.ts";
import { say, someoneAs, someoneOn, taskOf, typed, type Person } from "./desk.ts";

let engine: TestEngine;
let clara: Person;
let paul: Person;
let next = 0;
beforeAll(async () => {
  engine = await startTestEngine();
  clara = await someoneAs(engine, "clara", "clerk");
  paul = await someoneAs(engine, "paul", "approver");
});
afterAll(() => engine.close());

interface Ids {
  readonly from?: string;
  readonly userId?: string;
}

const A_CHILDS = `${new Date().getFullYear() - 6}0301`;

let second = 0;
async function writes(ids: Ids, change: (message: Record<string, unknown>) => void = () => undefined): Promise<string> {
  const id = wamid("0");
  second += 1;
  const timestamp = Math.ceil(Date.now() / 1_000) + second;
  const payload = engine.world.whatsapp.textBody({ ...ids, id, body: "Guten Tag", timestamp });
  const [entry] = payload["entry"] as { changes: { value: { messages: Record<string, unknown>[] } }[] }[];
  change(entry?.changes[0]?.value.messages[0] ?? {});
  expect(await engine.post(engine.world.whatsapp.signedBody(payload))).toBe(200);
  return id;
}

/** A stranger whom two persons have said to be a patient, from now on, and whose messages are filed since. */
async function linked({ userId = false, role = "self", birthDate = "19640812" } = {}) {
  next += 1;
  const number = String(90_000 + next);
  const ids = { from: `49151800${String(next).padStart(5, "0")}`, ...(userId && { userId: `DE.link${next}` }) };
  const phone = `0151 7000${String(next).padStart(4, "0")}`;
  await engine.adt({ patient: number, caseNumber: `F-${number}`, phone, birthDate });
  const message = await engine.until(await writes(ids), "held");
  const task = await taskOf(clara, message);
  const two = [typed.patient(number), typed.case(`F-${number}`)];
  await say(clara, task.id, two, { scope: "always", role });
  await paul.post(`/api/v1/clearing/${task.id}/approve`, { identifier: typed.patient(number) });
  await engine.eventually("it is filed", async () => {
    return (await engine.api.get<ShownMessage>(`/api/v1/messages/${message.id}`)).state === "filed";
  });
  if (role === "self") await engine.until(await writes(ids), "filed");
  const found = await clara.post("/api/v1/links/find", { identifiers: two });
  const [link] = found.body["items"] as { id: string; level: number }[];
  expect(link).toMatchObject({
    level: 3,
    evidence: "two_persons",
    verified_by: "token:clara",
    approved_by: "token:paul",
  });
  return { number, ids, two, link: link?.id ?? "" };
}

async function mergedByMistake(one: string, other: string) {
  const before = (seconds: number) => new Date(Date.now() - seconds * 1_000);
  const survivor = { patient: one, caseNumber: `F-${one}`, phone: `0151 700${one}` };
  const mistaken = { patient: other, caseNumber: `F-${other}`, phone: `0151 700${other}`, birthDate: "19700228" };
  await engine.adt({ ...survivor, writtenAt: before(300) });
  await engine.adt({ ...mistaken, writtenAt: before(200) });
  await engine.adt({ ...survivor, trigger: "A40", retired: mistaken.patient, writtenAt: before(100) });
  return { survivor, mistaken };
}

const lowerings = async (link: string) => {
  const { rows } = await engine.store.query<{ detail: { reason: string } }>(
    "SELECT detail FROM journal WHERE action = 'link.lowered' AND subject = $1 ORDER BY seq",
    [link],
  );
  return rows.map(({ detail }) => detail.reason);
};

async function isHeldFor(ids: Ids, link: string, why: string): Promise<void> {
  await engine.until(await writes(ids), "held");
  expect(await lowerings(link)).toContain(why);
}

describe("a link files nothing any more, and the journal says why, once", () => {
  it("the provider says that the contact has another number", async () => {
    const { ids, link } = await linked({ userId: true });
    await writes(ids, (message) => {
      delete message["text"];
      const system = { type: "user_changed_number", wa_id: "4915180099001", user_id: "DE.new1" };
      Object.assign(message, { type: "system", system: { body: "x", ...system, previous_user_id: ids.userId } });
    });
    await isHeldFor({ from: ids.from }, link, "number_changed");
    await engine.until(await writes({ from: "4915180099001", userId: "DE.new1" }), "held");
  });

  it("somebody with another user id writes from the number", async () => {
    const { ids, link } = await linked({ userId: true });
    await isHeldFor({ from: ids.from, userId: "DE.other" }, link, "number_left");
  });

  it("an ADT gives the number to another patient", async () => {
    const { ids, link } = await linked();
    const national = `0${ids.from.slice(2)}`;
    await engine.adt({ patient: "99001", caseNumber: "F-99001", phone: national });
    await isHeldFor(ids, link, "number_moved");
  });

  it("its patient went into another", async () => {
    const { ids, link, number } = await linked();
    await engine.adt({
      patient: "99002",
      caseNumber: "F-99002",
      trigger: "A40",
      retired: number,
      phone: "0151 70009999",
    });
    await isHeldFor(ids, link, "merged");
  });

  it("it was made while two patients were merged by mistake, and the merge is undone", async () => {
    const { survivor, mistaken } = await mergedByMistake("99003", "99004");
    const ids = { userId: "DE.unmerged" };
    const message = await engine.until(await writes(ids), "held");
    const task = await taskOf(clara, message);
    await say(clara, task.id, [typed.patient(mistaken.patient), typed.case(survivor.caseNumber)], { scope: "always" });
    await paul.post(`/api/v1/clearing/${task.id}/approve`, { identifier: typed.patient(survivor.patient) });
    await engine.until(await writes(ids), "filed");
    const { rows } = await engine.store.query<{ id: string }>(
      "SELECT id FROM patient_link WHERE scope = 'always' ORDER BY verified_at DESC LIMIT 1",
    );
    await engine.adt({ ...mistaken, trigger: "A31" });
    await isHeldFor(ids, rows[0]?.id ?? "", "unmerged");
  });

  it("staff reports it, and a person decides anew", async () => {
    const { ids, link, two, number } = await linked();
    expect((await clara.post(`/api/v1/links/${link}/lower`, { reason: "staff_report" })).status).toBe(200);
    await isHeldFor(ids, link, "staff_report");
    const task = await taskOf(clara, await engine.until(await writes(ids), "held"));
    await say(clara, task.id, two);
    await paul.post(`/api/v1/clearing/${task.id}/approve`, { identifier: typed.patient(number) });
    await engine.until(await writes(ids), "filed");
  });

  it("it is ended: the contact is a stranger again", async () => {
    const { ids, link } = await linked();
    expect((await clara.post(`/api/v1/links/${link}/end`, { reason: "auf Wunsch" })).status).toBe(200);
    expect((await engine.until(await writes(ids), "held")).reason).toBe("unknown");
  });

  it("the contact was silent for longer than WhatsApp keeps a number", async () => {
    const { ids, link } = await linked();
    await engine.store.query(
      "UPDATE patient_link SET seen_at = now() - interval '46 days', version = version + 1 WHERE id = $1",
      [link],
    );
    expect((await engine.until(await writes(ids), "held")).reason).toBe("unverified");
  });

  it("a guardian's, once the patient is of age", async () => {
    const { ids, number } = await linked({ role: "guardian", birthDate: A_CHILDS });
    await engine.adt({ patient: number, caseNumber: `F-${number}`, phone: "", birthDate: "19640812" });
    expect((await engine.until(await writes(ids), "held")).reason).toBe("unverified");
  });

  it("nobody becomes the guardian of an adult", async () => {
    await engine.adt({ patient: "99011", caseNumber: "F-99011", phone: "0151 70099011", birthDate: "19640812" });
    const message = await engine.until(await writes({ userId: "DE.guardian" }), "held");
    const task = await taskOf(clara, message);
    const two = [typed.patient("99011"), typed.case("F-99011")];
    const refused = await say(clara, task.id, two, { scope: "always", role: "guardian" });
    expect([refused.status, refused.body["type"]]).toEqual([409, "urn:botenstoff:problem:clearing-of-age"]);
    expect((await say(clara, task.id, two, { scope: "always", role: "proxy" })).status).toBe(200);
  });
});

describe("a mother's message", () => {
  it("is not her child's in the chart: she is named beside it, and so she is in whatever she writes later", async () => {
    const { ids } = await linked({ role: "guardian", birthDate: A_CHILDS });
    const { id } = await engine.until(await writes(ids), "filed");
    const shown = engine.world.fhir.chart.read(`Communication/${id}`);
    expect(shown).toMatchObject({
      sender: { reference: "#writer", display: `+${ids.from}, sorgeberechtigte Person` },
      contained: [{ resourceType: "RelatedPerson", relationship: [{ coding: [{ code: "GUARD" }] }] }],
      note: [{ text: "[Von einer sorgeberechtigten Person, nicht von der Patientin oder dem Patienten selbst]" }],
    });
    const document = engine.world.mllp.documents.get(controlId(id, "document"));
    expect(JSON.stringify(document)).toContain("Von einer sorgeberechtigten Person, nicht von der Patientin");
  });
});

describe("what is proposed while two patients are merged by mistake", () => {
  it("falls when the merge is undone, and what was typed for it is good for nothing; then it is decided anew", async () => {
    const { survivor, mistaken } = await mergedByMistake("99005", "99006");
    const message = await engine.until(await writes({ userId: "DE.proposed" }), "held");
    const task = await taskOf(clara, message);
    const two = [typed.patient(mistaken.patient), typed.case(survivor.caseNumber)];
    expect((await say(clara, task.id, two)).body).toMatchObject({ outcome: "proposed" });
    const typedToo = await clara.post(`/api/v1/clearing/${task.id}/match`, { identifiers: two });
    await engine.adt({ ...mistaken, trigger: "A31" });
    expect(await taskOf(clara, message)).toMatchObject({ state: "open", proposal: null });
    const late = await clara.post(`/api/v1/clearing/${task.id}/assign`, {
      proof: typedToo.body["proof"],
      scope: "always",
    });
    expect(late).toMatchObject({ status: 409, body: { type: "urn:botenstoff:problem:clearing-no-proof" } });
    await say(clara, task.id, [typed.patient(survivor.patient), typed.case(survivor.caseNumber)]);
    const approved = await paul.post(`/api/v1/clearing/${task.id}/approve`, {
      identifier: typed.patient(survivor.patient),
    });
    expect(approved.body).toMatchObject({ outcome: "assigned" });
  });
});

describe("a link that was lowered, with four eyes", () => {
  const levelOf = async (two: readonly unknown[], link: string) => {
    const found = await clara.post("/api/v1/links/find", { identifiers: two });
    return (found.body["items"] as { id: string }[]).find(({ id }) => id === link);
  };
  const waiting = async (person: Person, link: string) =>
    ((await person.get("/api/v1/links/waiting")).body["items"] as { id: string }[]).find(({ id }) => id === link);

  it("is raised by nobody alone: what one has seen in person another confirms, who gets an identifier himself", async () => {
    const { ids, link, two, number } = await linked();
    await clara.post(`/api/v1/links/${link}/lower`, { reason: "staff_report" });
    const verify = { identifiers: two, evidence: "in_person" };
    expect((await clara.post(`/api/v1/links/${link}/verify`, verify)).body).toEqual({ outcome: "proposed" });
    expect((await clara.post(`/api/v1/links/${link}/verify`, verify)).status).toBe(409);
    expect(await levelOf(two, link)).toMatchObject({ level: 0 });
    expect(await waiting(paul, link)).toMatchObject({ mine: false, proposal: { level: 4, by: "token:clara" } });
    const approve = (person: Person, value: string) =>
      person.post(`/api/v1/links/${link}/approve`, { identifier: typed.patient(value) });
    expect((await approve(clara, number)).status).toBe(403);
    expect((await approve(paul, "99999")).body).toMatchObject({ type: "urn:botenstoff:problem:clearing-no-match" });
    expect(await levelOf(two, link)).toMatchObject({ level: 0 });
    expect((await approve(paul, number)).body).toEqual({ outcome: "verified" });
    expect(await levelOf(two, link)).toMatchObject({
      ...{ level: 4, evidence: "in_person", verified_by: "token:clara", approved_by: "token:paul" },
    });
    expect(await waiting(paul, link)).toBeUndefined();
    await engine.until(await writes(ids), "filed");
  });

  it("is not raised by whoever proposed it, whatever roles he has; what is proposed can be declined", async () => {
    const { link, two, number } = await linked();
    const both = await someoneAs(engine, "both", "clerk", "approver");
    await both.post(`/api/v1/links/${link}/verify`, { identifiers: two });
    const own = await both.post(`/api/v1/links/${link}/approve`, { identifier: typed.patient(number) });
    expect(own).toMatchObject({ status: 409, body: { type: "urn:botenstoff:problem:clearing-same-person" } });
    const declined = await paul.post(`/api/v1/links/${link}/decline`, { reason: "nicht nachgesehen" });
    expect(declined.body).toEqual({ outcome: "declined" });
    expect(await levelOf(two, link)).toMatchObject({ level: 3, evidence: "two_persons" });
  });

  it("is not proposed any more when something else speaks against it, nor after five wrong identifiers", async () => {
    const { link, two } = await linked();
    const verify = () => clara.post(`/api/v1/links/${link}/verify`, { identifiers: two });
    await verify();
    await clara.post(`/api/v1/links/${link}/lower`, { reason: "staff_report" });
    expect(await waiting(paul, link)).toBeUndefined();
    expect((await verify()).body).toEqual({ outcome: "proposed" });
    const guesser = await someoneAs(engine, "guesser", "approver");
    for (let miss = 0; miss < 5; miss += 1)
      await guesser.post(`/api/v1/links/${link}/approve`, { identifier: typed.patient("99999") });
    expect(await waiting(paul, link)).toBeUndefined();
  });

  it("is neither ended, lowered nor raised by a clerk of one channel while its contact writes on another", async () => {
    const { link, two } = await linked();
    const elsewhere = await someoneOn(engine, "elsewhere", ["elsewhere"], "clerk");
    const verbs = { end: { reason: "x" }, lower: { reason: "staff_report" }, verify: { identifiers: two } };
    for (const [verb, body] of Object.entries(verbs)) {
      const refused = await elsewhere.post(`/api/v1/links/${link}/${verb}`, body);
      expect(refused).toMatchObject({ status: 409, body: { type: "urn:botenstoff:problem:clearing-used-elsewhere" } });
    }
    expect(await levelOf(two, link)).toMatchObject({ level: 3, ended_at: null });
    const here = await someoneOn(engine, "here", ["whatsapp-to-kis"], "clerk");
    expect((await here.post(`/api/v1/links/${link}/end`, { reason: "auf Wunsch" })).status).toBe(200);
  });
});

describe("a deleted patient", () => {
  it("leaves no link behind, and nothing of the contact in one", async () => {
    const { ids, link, number } = await linked();
    expect((await engine.adt({ patient: number, trigger: "A29", phone: "", caseNumber: "" })).code).toBe("AA");
    const { rowCount } = await engine.store.query("SELECT FROM patient_link WHERE id = $1", [link]);
    expect(rowCount).toBe(0);
    expect((await engine.until(await writes(ids), "held")).reason).toBe("unknown");
  });
});
