import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { faultsInKis } from "#src/demo/invariants.ts";
import { gradientPng } from "#src/demo/picture.ts";
import { PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

describe("the main job", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startTestEngine();
    await engine.admit();
  });
  afterAll(() => engine.close());

  it("files a text into the chart and the archive, confirmed, once", async () => {
    const sent = await engine.text("Die Wunde nässt. Ä|^~\\& 🩹\nZweite Zeile");
    const filed = await engine.until(sent, "filed");
    expect(filed.history?.map(({ state }) => state)).toEqual(["received", "routed", "filed"]);
    expect(filed.deliveries).toEqual([
      expect.objectContaining({ destination: "archive", state: "accepted", attempts: 1, last_error: null }),
      expect.objectContaining({ destination: "chart", state: "confirmed", attempts: 1, last_error: null }),
    ]);
    const [document] = [...engine.world.mllp.documents.values()];
    expect(document).toMatchObject({ patient: PATIENT.number, received: 1 });
    expect(document?.text.join("\n")).toBe("[Von +4915112345678]\nDie Wunde nässt. Ä|^~\\& 🩹\nZweite Zeile");
  });

  it("files an image with its caption, the bytes unchanged in chart and archive", async () => {
    const picture = gradientPng(64, 48);
    const sent = await engine.image(picture, "So sieht sie aus");
    const { id } = await engine.until(sent, "filed");
    const sha256 = createHash("sha256").update(picture).digest("hex");
    const expected = { messageId: id, patient: PATIENT.number, texts: ["So sieht sie aus"], attachments: [sha256] };
    const others = engine.world.fhir.chart.all("Communication").filter((one) => one.id !== id);
    const faults = faultsInKis([expected], engine.world.fhir.chart, engine.world.mllp);
    expect(faults).toEqual(others.map((one) => `${one.id ?? ""}: the chart holds a message nobody sent`));
  });

  it("holds a stranger's message, and files it as soon as an ADT brings the number", async () => {
    const phone = "4915187654321";
    const sent = await engine.text("Wer bin ich?", phone);
    expect(await engine.until(sent, "held")).toMatchObject({ reason: "unknown", deliveries: [] });
    const ack = await engine.adt({ patient: "80001", phone: "0151 87654321", caseNumber: "F-2", familyName: "Neu" });
    expect(ack.code).toBe("AA");
    const filed = await engine.until(sent, "filed");
    expect(filed.history?.map(({ state }) => state)).toEqual(["received", "held", "received", "routed", "filed"]);
    const communication = engine.world.fhir.chart.read(`Communication/${filed.id}`);
    expect(communication).toMatchObject({ subject: { identifier: { value: "80001" } } });
  });

  it("holds a message from a number two patients carry", async () => {
    const phone = "4915100000002";
    for (const patient of ["80002", "80003"]) {
      await engine.adt({ patient, phone: "0151 00000002", caseNumber: `F-${patient}`, familyName: "Paar" });
    }
    const sent = await engine.text("Wessen Kind?", phone);
    expect(await engine.until(sent, "held")).toMatchObject({ reason: "ambiguous", deliveries: [] });
  });

  it("stores a duplicate once, posted side by side or later", async () => {
    const { whatsapp } = engine.world;
    const payload = whatsapp.textBody({ from: PATIENT.phone, id: "wamid.once", body: "Einmal" });
    const signed = whatsapp.signedBody(payload);
    const answers = await Promise.all([engine.post(signed), engine.post(signed), engine.post(signed)]);
    expect(answers).toEqual([200, 200, 200]);
    const { id } = await engine.until("wamid.once", "filed");
    expect(await engine.post(signed)).toBe(200);
    expect(await engine.api.find("wamid.once")).toHaveLength(1);
    expect(engine.world.fhir.chart.versions(`Communication/${id}`)).toBe(1);
  });

  it("stores an authentic body that is no JSON, held and visible", async () => {
    const body = engine.world.whatsapp.signedBody({});
    const { createHmac } = await import("node:crypto");
    const raw = Buffer.from("not json");
    const secret = engine.world.env["WHATSAPP_APP_SECRET"] ?? "";
    const signature = `sha256=${createHmac("sha256", secret).update(raw).digest("hex")}`;
    expect(await engine.post({ body: raw, headers: { ...body.headers, "x-hub-signature-256": signature } })).toBe(200);
    await engine.eventually("the event is held as malformed", async () => {
      const { items } = await engine.api.get<{ items: { reason: string }[] }>("/api/v1/messages?state=held");
      return items.some(({ reason }) => reason === "malformed");
    });
  });

  it("says nothing personal in its log", () => {
    const said = JSON.stringify(engine.logged);
    for (const secret of [PATIENT.phone, "15112345678", "Mustermann", "Erika", "Wunde", PATIENT.number]) {
      expect(said).not.toContain(secret);
    }
    expect(said).toContain("channel.deployed");
  });
});
