import { afterAll, afterEach, beforeAll, describe, expect, it } from "@jest/globals";
import { controlId } from "#src/message/id.ts";
import { picture } from "../attachments/pictures.ts";
import { sendImage, sha256 } from "./attachment-support.ts";
import { PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ env: { WHATSAPP_MEDIA_PATIENCE: "PT0.5S" } });
  await engine.admit();
});
afterEach(() => engine.world.whatsapp.behave([]));
afterAll(() => engine.close());

const payloadOf = (id: string) =>
  (engine.world.fhir.chart.read(`Communication/${id}`) as { payload?: Record<string, unknown>[] } | undefined)?.payload;
const documentOf = (id: string) => engine.world.mllp.documents.get(controlId(id, "document"));
const now = (id: string) => engine.store.query("UPDATE attachment_wait SET due_at = now() WHERE message_id = $1", [id]);

/** A picture that could not be fetched, filed with a placeholder. */
async function late(bytes: Buffer, mimeType = "image/png") {
  engine.world.whatsapp.behave([{ on: "lookup", status: 503, lasts: true }]);
  const { sent, media } = await sendImage(engine, bytes, mimeType);
  const { id, attachments } = await engine.until(sent, "filed");
  expect(attachments).toMatchObject([{ verdict: "late" }]);
  return { sent, media, id };
}

async function settled(sent: string, verdict: string) {
  await engine.eventually(`it is ${verdict}, and told`, async () => {
    const { id, state, attachments, deliveries } = await engine.until(sent, "filed", "routed");
    const { rows } = await engine.store.query("SELECT FROM attachment_wait WHERE message_id = $1", [id]);
    const addenda = deliveries?.filter(({ purpose }) => purpose === "addendum") ?? [];
    return state === "filed" && attachments?.[0]?.verdict === verdict && rows.length === 0 && addenda.length === 2;
  });
  return engine.until(sent, "filed");
}

describe("a picture that came late", () => {
  it("joins its message in every chart, once, read back; then Meta's copy goes", async () => {
    const bytes = await picture("png");
    const { sent, media, id } = await late(bytes);
    const text = await engine.text("danach");
    await engine.until(text, "filed");
    engine.world.whatsapp.behave([]);
    await now(id);
    const message = await settled(sent, "clean");
    expect(payloadOf(id)).toMatchObject([{ contentReference: { type: "Media" } }]);
    const media0 = payloadOf(id)![0]!["contentReference"] as { reference: string };
    const { content } = engine.world.fhir.chart.read(media0.reference) as { content: { url: string } };
    const { data } = engine.world.fhir.chart.read(content.url) as unknown as { data: string };
    expect(sha256(Buffer.from(data, "base64"))).toBe(message.attachments![0]!.sha256);
    expect(documentOf(id)).toMatchObject({
      attachments: [message.attachments![0]!.sha256],
      reason: "Anlage nachgereicht",
      patient: PATIENT.number,
    });
    expect(documentOf(id)?.text.join()).not.toContain("abrufbar");
    expect(message.history?.map(({ state }) => state)).toEqual(["received", "routed", "filed", "routed", "filed"]);
    expect(message.deliveries?.map(({ purpose, state }) => `${purpose} ${state}`).toSorted()).toEqual([
      "addendum accepted",
      "addendum confirmed",
      "file accepted",
      "file confirmed",
    ]);
    await engine.eventually("Meta's copy is deleted", () => engine.world.whatsapp.deletedMedia.includes(media));
  });

  it("keeps its message from the purge until the charts have it", async () => {
    const { sent, id } = await late(await picture("png", 2));
    const { rows } = await engine.store.query<{ kept: boolean }>(
      "SELECT EXISTS (SELECT FROM attachment_wait WHERE message_id = $1) AS kept",
      [id],
    );
    expect(rows).toEqual([{ kept: true }]);
    engine.world.whatsapp.behave([]);
    expect(await engine.api.reprocess(id)).toBe(202);
    await settled(sent, "clean");
  });

  it("makes the placeholder final when its id expires", async () => {
    const { sent, id } = await late(await picture("png", 3));
    await engine.store.query("UPDATE message SET received_at = now() - interval '8 days' WHERE id = $1", [id]);
    await now(id);
    await settled(sent, "missing");
    expect(payloadOf(id)).toEqual([{ contentString: "[Bild: nicht abrufbar]" }]);
    expect(documentOf(id)?.text).toContain("[Bild: nicht abrufbar]");
  });

  it("waits for a person when it is not what it claims to be, and follows when it is released", async () => {
    const { sent, id } = await late(Buffer.from("<svg onload='alert(1)'/>"));
    engine.world.whatsapp.behave([]);
    await now(id);
    await engine.eventually(
      "it is refused",
      async () => (await engine.until(sent, "filed")).attachments?.[0]?.verdict === "quarantined",
    );
    expect(payloadOf(id)).toEqual([{ contentString: "[Bild: noch nicht abrufbar]" }]);
    const response = await fetch(`${engine.url}/api/v1/messages/${id}/release`, {
      method: "POST",
      headers: { authorization: `Bearer ${engine.world.apiToken}`, "content-type": "application/json" },
      body: JSON.stringify({ released_by: "Dr. M. Beispiel", reason: "seen on an isolated machine" }),
    });
    expect(response.status).toBe(202);
    await settled(sent, "released");
    expect(payloadOf(id)).toMatchObject([{ contentReference: { type: "Media" } }]);
  });

  it("is fetched although the engine is restarted meanwhile", async () => {
    const { sent, id } = await late(await picture("png", 6));
    await engine.restart();
    engine.world.whatsapp.behave([]);
    await now(id);
    await settled(sent, "clean");
    const metrics = await (await fetch(`${engine.url}/metrics`)).text();
    expect(metrics).toMatch(/botenstoff_late_attachments_total\{channel="whatsapp-to-kis",outcome="arrived"\} 1/);
  });
});
