import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import type { Communication, Media } from "@medplum/fhirtypes";
import type { ShownMessage } from "#src/demo/api-client.ts";
import { gradientPng } from "#src/demo/picture.ts";
import { communicationId, resourceId } from "#src/fhir/ids.ts";
import { attachmentId, controlId, filedId } from "#src/message/id.ts";
import { elementUpdate, wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { startKisMllp, type KisMllp } from "#src/simulators/kis/mllp.ts";
import { PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

const NEIGHBOUR = { number: "80000", phone: "4915112345670", kisPhone: "0151 12345670" };
const SKIP = { skipped_by: "Dr. M. Beispiel", reason: "refused_for_good" };
const RESEND = { resent_by: "Dr. M. Beispiel", reason: "restored_from_backup" };
const RELEASE = { released_by: "Dr. M. Beispiel", reason: "Doch diese Person." };
const FILED = ["received", "routed", "filed"];
const WITHDRAW = { withdrawn_by: "Dr. M. Beispiel", reason: "wrong_patient" };

let engine: TestEngine;
/** The archive, where a test let it come back without its memory. */
let restored: KisMllp | undefined;
const start = async (options: Parameters<typeof startTestEngine>[0] = {}) => {
  engine = await startTestEngine(options);
  await engine.admit();
};
beforeEach(() => start());
afterEach(async () => {
  await restored?.close();
  restored = undefined;
  await engine.close();
});

const decide = (path: string, body: object = {}) =>
  fetch(`${engine.url}/api/v1/messages/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${engine.world.apiToken}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
const show = (id: string) => engine.api.get<ShownMessage>(`/api/v1/messages/${id}`);
const stateAt = ({ deliveries }: ShownMessage, name: string) =>
  deliveries?.find(({ destination, purpose }) => destination === name && purpose === "file")?.state;
const statesOf = ({ history }: ShownMessage) => history?.map(({ state }) => state);
const textsIn = (archive = engine.world.mllp) => [...archive.documents.values()].flatMap(({ text }) => text);
const communication = (id: string) => engine.world.fhir.chart.read(`Communication/${id}`) as Communication;

describe("a delivery that one destination never takes", () => {
  it("is skipped there: the message is filed where the others have it, and its conversation goes on", async () => {
    engine.world.mllp.behave(["AE"]);
    const { id } = await engine.until(await engine.text("nicht für das Archiv"), "failed");
    const later = await engine.text("NOTFALL");
    expect((await decide(`${id}/deliveries/archive/skip`, SKIP)).status).toBe(202);
    expect((await decide(`${id}/deliveries/archive/skip`, SKIP)).status).toBe(202);
    await engine.until(later, "filed");
    expect(textsIn()).toContain("NOTFALL");
    expect(textsIn()).not.toContain("nicht für das Archiv");
    const shown = await show(id);
    expect([shown.state, stateAt(shown, "archive"), stateAt(shown, "chart")]).toEqual([
      "filed",
      "skipped",
      "confirmed",
    ]);
    const { rows } = await engine.store.query("SELECT subject, detail FROM journal WHERE action = 'message.skipped'");
    expect(rows).toMatchObject([{ subject: id, detail: { destination: "archive", ...SKIP } }]);
  });

  it("proves nothing: what no other destination confirms stays failed and is not purged, until it is sent again", async () => {
    await engine.close();
    await start({ epoch: "PT3S" });
    engine.world.fhir.behave([{ on: "transaction", status: 422 }]);
    const sent = await engine.text("nicht für die Akte");
    const { id } = await engine.until(sent, "failed");
    expect((await decide(`${id}/deliveries/chart/skip`, SKIP)).status).toBe(202);
    const shown = await show(id);
    expect([shown.state, stateAt(shown, "archive"), stateAt(shown, "chart")]).toEqual([
      "failed",
      "accepted",
      "skipped",
    ]);
    await engine.until(await engine.text("später"), "purged");
    expect((await show(id)).state).toBe("failed");
    expect((await decide(`${id}/deliveries/chart/resend`, RESEND)).status).toBe(202);
    await engine.until(sent, "filed", "purged");
    expect(communication(id).payload).toEqual([{ contentString: "nicht für die Akte" }]);
  });

  it("may be the withdrawal itself, where the KIS takes none", async () => {
    const sent = await engine.text("falsche Akte");
    const { id } = await engine.until(sent, "filed");
    engine.world.mllp.behave(["AE"]);
    await decide(`${id}/withdraw`, WITHDRAW);
    await engine.until(sent, "failed");
    expect((await decide(`${id}/deliveries/archive/skip`, { ...SKIP, reason: "filed_by_hand" })).status).toBe(202);
    expect((await show(id)).state).toBe("withdrawn");
  });

  it("is not skipped where the destination has it, is unknown, or the reason is one's own", async () => {
    const { id } = await engine.until(await engine.text("angekommen"), "filed");
    const skip = async (destination: string, body: object = SKIP) =>
      (await decide(`${id}/deliveries/${destination}/skip`, body)).status;
    expect(await skip("archive")).toBe(409);
    expect(await skip("chart")).toBe(409);
    expect(await skip("nowhere")).toBe(404);
    expect(await skip("archive", { ...SKIP, reason: "Erika wollte es" })).toBe(400);
  });
});

describe("a filed message", () => {
  it("is sent again to a KIS that was restored from yesterday's backup: identical bytes under the same ids", async () => {
    const ids: string[] = [];
    for (const body of ["eins", "zwei"]) ids.push((await engine.until(await engine.text(body), "filed")).id);
    const [first = "", second = ""] = ids;
    const before = ids.map((id) => engine.world.mllp.documents.get(controlId(id, "document")));
    const { port } = engine.world.mllp;
    await engine.world.mllp.close();
    expect((await decide(`${second}/deliveries/archive/resend`, RESEND)).status).toBe(202);
    expect((await decide(`${first}/deliveries/archive/resend`, RESEND)).status).toBe(202);
    expect((await decide(`${first}/deliveries/archive/resend`, RESEND)).status).toBe(202);
    expect((await show(first)).state).toBe("routed");
    restored = await startKisMllp({ host: "127.0.0.1", port });
    await engine.eventually("both are filed again", async () => {
      const states = await Promise.all(ids.map(async (id) => (await show(id)).state));
      return states.every((state) => state === "filed");
    });
    const again = ids.map((id) => restored?.documents.get(controlId(id, "document")));
    expect(again.map((one) => one?.sha256)).toEqual(before.map((one) => one?.sha256));
    expect(again.map((one) => one?.controlId)).toEqual(before.map((one) => one?.controlId));
    expect(textsIn(restored)).toEqual(expect.arrayContaining(["eins", "zwei"]));
    expect(engine.world.fhir.chart.versions(`Communication/${first}`)).toBe(1);
    const { rows } = await engine.store.query(
      "SELECT subject FROM journal WHERE action = 'message.resent' ORDER BY seq",
    );
    expect(rows).toEqual([{ subject: second }, { subject: first }]);
  });
});

describe("a message withdrawn from a stranger's chart", () => {
  /** What waits because its number moved: a person says that it is the neighbour's now. */
  async function acceptMove(sent: string): Promise<void> {
    const held = await engine.until(sent, "held");
    expect(held.reason).toBe("number_moved");
    await decide(`${held.id}/release`, RELEASE);
  }

  /** The KIS had the number at the wrong patient, and now has it where it belongs. */
  async function correct(): Promise<void> {
    engine.world.fhir.addPatient({
      identifier: [{ value: NEIGHBOUR.number, system: "urn:oid:1.2.276.0.76.4.1" }],
      name: [{ family: "Nachbar" }],
    });
    await engine.adt({ trigger: "A31", phone: '""' });
    await engine.adt({ patient: NEIGHBOUR.number, phone: PATIENT.kisPhone, caseNumber: "F-2026-002" });
  }

  it("is withdrawn and not filed, and goes into the right chart under new ids when it is processed again", async () => {
    const sent = await engine.image(gradientPng(16, 16), "falsche Akte");
    const { id } = await engine.until(sent, "filed");
    await decide(`${id}/withdraw`, WITHDRAW);
    expect(await engine.until(sent, "withdrawn")).toMatchObject({ reason: "wrong_patient", filed_at: null });
    await correct();
    expect((await decide(`${id}/reprocess`)).status).toBe(202);
    await acceptMove(sent);
    const shown = await engine.until(sent, "filed");
    expect(statesOf(shown)).toEqual([...FILED, "routed", "withdrawn", "received", "held", ...FILED]);
    const anew = filedId(id, 2);
    expect(communication(id)).toMatchObject({ status: "entered-in-error" });
    expect(communication(id).subject?.identifier?.value).toBe(PATIENT.number);
    expect(communication(communicationId(anew))).toMatchObject({ status: "completed" });
    expect(communication(anew).subject?.identifier?.value).toBe(NEIGHBOUR.number);
    const media = resourceId("Media", filedId(attachmentId(id, 0), 2));
    expect((engine.world.fhir.chart.read(`Media/${media}`) as Media).status).toBe("completed");
    const [revoked, document] = [id, anew].map((one) => engine.world.mllp.documents.get(controlId(one, "document")));
    expect(revoked).toMatchObject({ state: "cancelled", patient: PATIENT.number });
    expect(document).toMatchObject({ state: "available", trigger: "T02", patient: NEIGHBOUR.number });
    expect(document?.attachments).toEqual(revoked?.attachments);
    expect(shown.deliveries?.filter(({ purpose }) => purpose === "file")).toHaveLength(4);
    // And a second time.
    await decide(`${id}/withdraw`, WITHDRAW);
    await engine.until(sent, "withdrawn");
    expect(communication(anew).status).toBe("entered-in-error");
  });

  it("is edited there: what its sender changes afterwards is about the document it is filed as now", async () => {
    const sent = await engine.text("Ich nehme 5 mg");
    const { id } = await engine.until(sent, "filed");
    await decide(`${id}/withdraw`, WITHDRAW);
    await engine.until(sent, "withdrawn");
    await correct();
    await decide(`${id}/reprocess`);
    await acceptMove(sent);
    await engine.until(sent, "filed");
    const edit = wamid(PATIENT.phone);
    const content = { original_message_id: sent, message: { type: "text", text: { body: "Ich nehme 50 mg" } } };
    const now = { from: PATIENT.phone, id: edit, timestamp: Math.floor(Date.now() / 1_000) };
    const update = elementUpdate(now, { type: "edit", edit: content });
    await engine.post(engine.world.whatsapp.signedBody(engine.world.whatsapp.batchBody([update])));
    const { id: edited } = await engine.until(edit, "filed");
    const valid = [...engine.world.mllp.documents.values()].filter(({ state }) => state === "available");
    expect(valid).toMatchObject([
      { documentNumber: controlId(edited, "document"), parent: controlId(filedId(id, 2), "document") },
    ]);
  });

  it("is held where its number still leads to that stranger, and let in when the KIS has corrected it", async () => {
    const sent = await engine.text("falsche Akte");
    const { id } = await engine.until(sent, "filed");
    await decide(`${id}/withdraw`, WITHDRAW);
    await engine.until(sent, "withdrawn");
    await decide(`${id}/reprocess`);
    expect(await engine.until(sent, "held")).toMatchObject({ reason: "same_patient" });
    await correct();
    await engine.eventually("it is let in", async () => (await show(id)).reason === "number_moved");
    await acceptMove(sent);
    await engine.until(sent, "filed");
    expect(communication(filedId(id, 2)).subject?.identifier?.value).toBe(NEIGHBOUR.number);
  });

  it("goes back into the same chart only when somebody says that withdrawing it was the error", async () => {
    const sent = await engine.text("doch die richtige Akte");
    const { id } = await engine.until(sent, "filed");
    await decide(`${id}/withdraw`, WITHDRAW);
    await engine.until(sent, "withdrawn");
    await decide(`${id}/reprocess`);
    await engine.until(sent, "held");
    expect((await decide(`${id}/release`, RELEASE)).status).toBe(202);
    await engine.until(sent, "filed");
    expect(communication(filedId(id, 2))).toMatchObject({ status: "completed" });
  });

  it("is not purged while no chart has it, and is when somebody says that none ever shall", async () => {
    await engine.close();
    await start({ epoch: "PT3S" });
    const sent = await engine.text("falsche Akte");
    const { id } = await engine.until(sent, "filed");
    await decide(`${id}/withdraw`, WITHDRAW);
    await engine.until(sent, "withdrawn");
    await engine.until(await engine.text("später"), "purged");
    expect((await show(id)).state).toBe("withdrawn");
    expect((await decide(`${id}/withdraw`, { ...WITHDRAW, reason: "sent_by_mistake" })).status).toBe(202);
    expect(await show(id)).toMatchObject({ state: "withdrawn", reason: "sent_by_mistake" });
    await engine.until(sent, "purged");
  });

  it("is not sent again to where it was withdrawn from", async () => {
    const sent = await engine.text("falsche Akte");
    const { id } = await engine.until(sent, "filed");
    await decide(`${id}/withdraw`, WITHDRAW);
    await engine.until(sent, "withdrawn");
    expect((await decide(`${id}/deliveries/chart/resend`, RESEND)).status).toBe(409);
  });
});
