import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Communication, DocumentReference, Media } from "@medplum/fhirtypes";
import type { ShownMessage } from "#src/demo/api-client.ts";
import type { FhirBehaviour } from "#src/simulators/kis/fhir.ts";
import { startKisMllp, type KisMllp, type MllpBehaviour } from "#src/simulators/kis/mllp.ts";
import { gradientPng } from "#src/demo/picture.ts";
import { controlId } from "#src/message/id.ts";
import { PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

const SURVIVOR = { number: "80000", kisPhone: "0151 12345670" };
const DECISION = { withdrawn_by: "Dr. M. Beispiel", reason: "wrong_patient" };

describe("withdrawing a message from the wrong chart", () => {
  let engine: TestEngine;
  /** The archive, where a test let it come back. */
  let back: KisMllp | undefined;
  const start = async (options: Parameters<typeof startTestEngine>[0] = {}) => {
    engine = await startTestEngine(options);
    await engine.admit();
  };
  beforeEach(() => start());
  afterEach(async () => {
    await back?.close();
    back = undefined;
    await engine.close();
  });

  const withdraw = (id: string, body: object = DECISION) => send(`${id}/withdraw`, body);
  const send = (path: string, body: object = {}) =>
    fetch(`${engine.url}/api/v1/messages/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${engine.world.apiToken}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const show = (id: string) => engine.api.get<ShownMessage>(`/api/v1/messages/${id}`);
  const withdrawal = ({ deliveries }: ShownMessage, name: string) =>
    deliveries?.find(({ destination, purpose }) => destination === name && purpose === "withdraw");
  const filing = ({ deliveries }: ShownMessage, name: string) =>
    deliveries?.find(({ destination, purpose }) => destination === name && purpose === "file");
  const communication = (id: string) => engine.world.fhir.chart.read(`Communication/${id}`) as Communication;
  const documentOf = (id: string, archive = engine.world.mllp) => archive.documents.get(controlId(id, "document"));
  const repeats = (id: string) =>
    engine.world.mllp.received.filter((one) => one.controlId === controlId(id, "withdraw"));
  const archiveSays = (behaviour: MllpBehaviour) => engine.world.mllp.behave(Array<MllpBehaviour>(500).fill(behaviour));

  it("takes it out of a chart whose gateway said 502 after the commit", async () => {
    const away = Array<FhirBehaviour>(500).fill({ on: "transaction", status: 503 });
    engine.world.fhir.behave([{ on: "transaction", status: 502, afterCommit: true }, ...away]);
    const sent = await engine.text("falsche Akte");
    const { id } = await engine.until(sent, "routed");
    await engine.eventually(
      "it stands in the chart",
      () => engine.world.fhir.chart.versions(`Communication/${id}`) > 0,
    );
    await engine.eventually("it is withdrawn", async () => (await withdraw(id)).status === 202);
    engine.world.fhir.behave([]);
    const shown = await engine.until(sent, "withdrawn");
    expect(withdrawal(shown, "chart")).toMatchObject({ state: "confirmed" });
    expect(communication(id).status).toBe("entered-in-error");
  });

  it("cancels the document and marks the Communication, once, and keeps what was filed before", async () => {
    const sent = await engine.text("falsche Akte");
    const { id } = await engine.until(sent, "filed");
    expect(documentOf(id)?.state).toBe("available");
    const answer = await withdraw(id);
    expect(answer.status).toBe(202);
    expect(await answer.json()).toMatchObject({ id, state: "routed" });
    expect((await withdraw(id)).status).toBe(202);

    const shown = await engine.until(sent, "withdrawn");
    expect(shown.history?.map(({ state }) => state)).toEqual(["received", "routed", "filed", "routed", "withdrawn"]);
    expect(documentOf(id)).toMatchObject({
      state: "cancelled",
      reason: "Falsche Akte",
      text: ["[Von +4915112345678]", "falsche Akte"],
    });
    expect(communication(id)).toMatchObject({
      status: "entered-in-error",
      payload: [{ contentString: "falsche Akte" }],
    });
    expect(withdrawal(shown, "archive")).toMatchObject({ state: "accepted", attempts: 1 });
    expect(withdrawal(shown, "chart")).toMatchObject({ state: "confirmed", attempts: 1 });
    expect(filing(shown, "archive")).toMatchObject({ state: "accepted" });
    expect(filing(shown, "chart")).toMatchObject({ state: "confirmed" });
    expect(filing(shown, "chart")?.receipt).not.toBeNull();
    expect((await withdraw(id)).status).toBe(202);
    expect(await show(id)).toEqual(shown);
    const { rows } = await engine.store.query(`SELECT subject, detail FROM journal WHERE action = 'message.withdrawn'`);
    expect(rows).toMatchObject([{ subject: id, detail: DECISION }]);
  });

  it("marks a picture too, and leaves its bytes alone", async () => {
    const sent = await engine.image(gradientPng(16, 16), "falsche Akte");
    const { id } = await engine.until(sent, "filed");
    await withdraw(id);
    await engine.until(sent, "withdrawn");
    const { chart } = engine.world.fhir;
    const marked: (Media | DocumentReference)[] = [...chart.all("Media"), ...chart.all("DocumentReference")];
    expect(marked.map(({ status }) => status)).toEqual(["entered-in-error"]);
    const [binary, ...more] = chart.all("Binary");
    expect(more).toEqual([]);
    expect(chart.versions(`Binary/${binary?.id}`)).toBe(1);
    expect(documentOf(id)?.state).toBe("cancelled");
  });

  it("goes before what comes later in the conversation, and what comes again stays withdrawn", async () => {
    const body = engine.world.whatsapp.textBody({ from: PATIENT.phone, id: "wamid.einmal", body: "einmal" });
    await engine.post(engine.world.whatsapp.signedBody(body));
    const { id } = await engine.until("wamid.einmal", "filed");
    engine.world.mllp.behave(["busy-207"]);
    await withdraw(id);
    await engine.until(await engine.text("danach"), "filed");
    const triggers = engine.world.mllp.received.map(({ trigger }) => trigger);
    expect(triggers).toEqual(["T02", "T11", "T11", "T02"]);
    await engine.post(engine.world.whatsapp.signedBody(body));
    await engine.until(await engine.text("ganz zuletzt"), "filed");
    expect(documentOf(id)?.state).toBe("cancelled");
    expect(communication(id).status).toBe("entered-in-error");
    expect((await engine.until("wamid.einmal", "withdrawn")).id).toBe(id);
  });

  it.each<MllpBehaviour>(["hang-up-after-read", "wrong-control-id", "busy-207"])(
    "after %s, sends the identical bytes again under the same control id",
    async (behaviour) => {
      const sent = await engine.text("falsche Akte");
      const { id } = await engine.until(sent, "filed");
      engine.world.mllp.behave([behaviour]);
      await withdraw(id);
      const shown = await engine.until(sent, "withdrawn");
      expect(repeats(id)).toHaveLength(2);
      expect(withdrawal(shown, "archive")).toMatchObject({ attempts: 2 });
      expect(new Set(repeats(id).map(({ sha256 }) => sha256)).size).toBe(1);
      expect(documentOf(id)?.state).toBe("cancelled");
    },
  );

  it("fails visibly where the KIS refuses it; processed again, it is only the withdrawal that is sent", async () => {
    const sent = await engine.text("falsche Akte");
    const { id } = await engine.until(sent, "filed");
    engine.world.mllp.behave(["AE"]);
    await withdraw(id);
    const failed = await engine.until(sent, "failed");
    expect(withdrawal(failed, "archive")).toMatchObject({ state: "failed" });
    expect(withdrawal(failed, "archive")?.last_error).toMatch(/^DESTINATION_REFUSED: /);
    expect(documentOf(id)?.state).toBe("available");
    expect((await send(`${id}/reprocess`)).status).toBe(202);
    await engine.until(sent, "withdrawn");
    expect(documentOf(id)).toMatchObject({ state: "cancelled", received: 1 });
    expect(engine.world.fhir.chart.versions(`Communication/${id}`)).toBe(2);
  });

  it("fails visibly where the chart refuses it", async () => {
    const sent = await engine.text("falsche Akte");
    const { id } = await engine.until(sent, "filed");
    engine.world.fhir.behave([{ on: "transaction", status: 422 }]);
    await withdraw(id);
    expect(withdrawal(await engine.until(sent, "failed"), "chart")?.state).toBe("failed");
  });

  it("does not wait for what the chart has not shown yet, and is itself not believed before it is read back", async () => {
    engine.world.fhir.behave(Array<FhirBehaviour>(500).fill({ on: "read", lie: "absent" }));
    const sent = await engine.text("falsche Akte");
    await engine.eventually("the chart accepted it", async () => {
      const [found] = await engine.api.find(sent);
      return found !== undefined && filing(await show(found.id), "chart")?.state === "accepted";
    });
    const [{ id } = { id: "" }] = await engine.api.find(sent);
    await engine.eventually("no attempt is under way", async () => (await withdraw(id)).status === 202);
    await engine.eventually("it is accepted", async () => withdrawal(await show(id), "chart")?.state === "accepted");
    await engine.eventually("the archive too", async () => withdrawal(await show(id), "archive")?.state === "accepted");
    expect(await show(id)).toMatchObject({ state: "routed" });
    engine.world.fhir.behave([]);
    const shown = await engine.until(sent, "withdrawn");
    expect(filing(shown, "chart")?.state).toBe("cancelled");
    expect(withdrawal(shown, "chart")?.state).toBe("confirmed");
  });

  it("goes on after a restart", async () => {
    const sent = await engine.text("falsche Akte");
    const { id } = await engine.until(sent, "filed");
    archiveSays("hang-up-after-read");
    await withdraw(id);
    await engine.eventually("it was tried", () => repeats(id).length > 0);
    await engine.restart();
    engine.world.mllp.behave([]);
    await engine.until(sent, "withdrawn");
    expect(documentOf(id)?.state).toBe("cancelled");
    expect(new Set(repeats(id).map(({ sha256 }) => sha256)).size).toBe(1);
  });

  it("does not file any more where it was not filed yet", async () => {
    const { port } = engine.world.mllp;
    await engine.world.mllp.close();
    const sent = await engine.text("falsche Akte");
    await engine.eventually("the chart has it", async () => {
      const [found] = await engine.api.find(sent);
      return found !== undefined && filing(await show(found.id), "chart")?.state === "confirmed";
    });
    const [{ id } = { id: "" }] = await engine.api.find(sent);
    await engine.eventually("no attempt is under way", async () => (await withdraw(id)).status === 202);
    const shown = await engine.until(sent, "withdrawn");
    expect(filing(shown, "archive")?.state).toBe("cancelled");
    expect(withdrawal(shown, "archive")).toBeUndefined();
    expect(communication(id).status).toBe("entered-in-error");
    back = await startKisMllp({ host: "127.0.0.1", port });
    await engine.until(await engine.text("danach"), "filed");
    expect([...back.documents.values()].flatMap(({ text }) => text)).toEqual(["[Von +4915112345678]", "danach"]);
  });

  it("ends the entry of the re-homing list, goes to the patient it was filed under, and is followed no more", async () => {
    const sent = await engine.text("vor der Zusammenführung");
    const { id } = await engine.until(sent, "filed");
    await engine.adt({ patient: SURVIVOR.number, phone: SURVIVOR.kisPhone, caseNumber: "F-2026-002" });
    const merge = (patient: string, retired: string) =>
      engine.adt({ trigger: "A40", patient, retired, phone: "", caseNumber: "" });
    await merge(SURVIVOR.number, PATIENT.number);
    const entries = async () =>
      (await engine.api.get<{ items: { message: string; withdrawn_at: string | null }[] }>("/api/v1/rehomings")).items;
    expect(await entries()).toMatchObject([{ message: id, withdrawn_at: null }]);
    await withdraw(id);
    await engine.until(sent, "withdrawn");
    expect(communication(id).subject?.identifier?.value).toBe(PATIENT.number);
    await engine.adt({ patient: "80001", phone: "0151 12345671", caseNumber: "F-2026-003" });
    await merge("80001", SURVIVOR.number);
    expect(await entries()).toMatchObject([{ message: id, withdrawn_at: expect.any(String) }]);
  });

  it("refuses what no destination has, what it does not know, and a reason of one's own", async () => {
    const { id } = await engine.until(await engine.text("unbekannt", "4915187654321"), "held");
    const refused = await withdraw(id);
    expect([refused.status, await refused.json()]).toMatchObject([
      409,
      { type: "urn:botenstoff:problem:not-withdrawable" },
    ]);
    expect((await withdraw("00000000-0000-4000-8000-000000000000")).status).toBe(404);
    expect((await withdraw("no-id")).status).toBe(404);
    expect((await withdraw(id, { ...DECISION, reason: "Erika wollte es" })).status).toBe(400);
    expect((await withdraw(id, { reason: "other" })).status).toBe(400);
    const { rows } = await engine.store.query(`SELECT FROM journal WHERE action = 'message.withdrawn'`);
    expect(rows).toEqual([]);
  });

  it("is purged on schedule, but not before the withdrawal is accepted", async () => {
    await engine.close();
    await start({ epoch: "PT3S" });
    const sent = await engine.text("falsche Akte");
    const { id } = await engine.until(sent, "filed");
    archiveSays("busy-207");
    expect((await withdraw(id, { ...DECISION, reason: "sent_by_mistake" })).status).toBe(202);
    const endOfEpoch = `SELECT ends_at AS "endsAt" FROM message JOIN epoch ON epoch.id = message.epoch WHERE message.id = $1`;
    const [first] = (await engine.store.query<{ endsAt: Date }>(endOfEpoch, [id])).rows;
    // The purge comes by every second. An epoch with nothing else in it is left alone; the message may move or stay.
    await engine.eventually(
      "its epoch has been over for some rounds",
      () => Date.now() > Number(first?.endsAt) + 3_000,
    );
    expect(await show(id)).toMatchObject({ state: "routed" });
    engine.world.mllp.behave([]);
    const purged = await engine.until(sent, "purged");
    expect(documentOf(id)?.state).toBe("cancelled");
    expect(withdrawal(purged, "archive")?.state).toBe("accepted");
    expect((await withdraw(id)).status).toBe(409);
  });
});
