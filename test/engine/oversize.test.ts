import { afterAll, beforeAll, expect, it } from "@jest/globals";
import { controlId } from "#src/message/id.ts";
import { mediaPart } from "#src/simulators/whatsapp-cloud/kinds.ts";
import { elementUpdate, wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { PATIENT, startTestEngine, type TestEngine } from "./harness.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
  await engine.admit();
});
afterAll(() => engine.close());

const MIB = 1024 * 1024;

it("a document of 17 MiB is in the chart, the archive says so in a line, and what follows goes on", async () => {
  const bytes = Buffer.alloc(17 * MIB, "Befund und noch einer\n");
  const { whatsapp } = engine.world;
  const media = whatsapp.addMedia(bytes, "text/plain");
  const sent = wamid(PATIENT.phone);
  const announced = { id: media.id, mimeType: "text/plain", sha256: media.sha256 };
  const part = mediaPart("document", announced, { filename: "befund.txt" });
  const update = elementUpdate({ from: PATIENT.phone, id: sent }, part);
  expect(await engine.post(whatsapp.signedBody(whatsapp.batchBody([update])))).toBe(200);
  const after = await engine.text("danach");
  const { id, attachments } = await engine.until(sent, "filed");
  await engine.until(after, "filed");
  const document = engine.world.mllp.documents.get(controlId(id, "document"));
  const [reference] = engine.world.fhir.chart.all("DocumentReference");
  const url = reference?.content[0]?.attachment.url;
  expect(document?.text.join("\n")).toContain(
    `[Anlage zu groß für dieses Dokument: befund.txt, text/plain, 17,8 MB, SHA-256 ${attachments![0]!.sha256}; ` +
      `Original in der FHIR-Akte unter ${url}]`,
  );
  expect(document?.attachments).toEqual([]);
});
