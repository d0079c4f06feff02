import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "@jest/globals";
import { sendAdt } from "#src/demo/adt.ts";
import { ApiClient, type ShownMessage } from "#src/demo/api-client.ts";
import { startEngineProcess, type EngineProcess } from "#src/demo/engine-process.ts";
import { faultsInKis, type Expected } from "#src/demo/invariants.ts";
import { gradientPng } from "#src/demo/picture.ts";
import { wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { openWorld } from "#src/demo/world.ts";
import { contentOf, everyFile } from "../support/every-file.ts";
import { PATIENT } from "./harness.ts";

const CANARY = "Zitronenzeisig";
/** Milliseconds between posting and the kill: before the answer, while sealing, sending, confirming, settling, purging. */
const KILL_AFTER = [0, 4, 12, 25, 45, 80, 150, 400, 2_500];

async function filesWith(directory: string, needle: string): Promise<string[]> {
  const hits: string[] = [];
  for (const file of await everyFile(directory)) if ((await contentOf(file)).includes(needle)) hits.push(file);
  return hits;
}

/**
 * On a slow machine each of the short lives may end over the same message, which is set aside then: a person lets it in again.
 * Nothing else stops one.
 */
async function filedInTheEnd(api: ApiClient, id: string): Promise<ShownMessage> {
  const message = await api.until(id, ["filed", "purged", "held", "failed"], 40_000);
  if (message.state === "filed" || message.state === "purged") return message;
  const errors = [message.last_error, ...(message.deliveries ?? []).map((delivery) => delivery.last_error)];
  expect(errors).toContainEqual(expect.stringContaining("WORK_STOPS_ENGINE"));
  await api.reprocess(message.id);
  return api.until(id, ["filed", "purged"], 40_000);
}

it("killed at any moment and started again, ends with every message in the chart once, and nothing readable on disk", async () => {
  const world = await openWorld("PT2S", 0);
  let engine: EngineProcess = await startEngineProcess({ env: world.env });
  try {
    world.fhir.addPatient({ identifier: [{ value: PATIENT.number, system: "urn:oid:1.2.276.0.76.4.1" }] });
    const ack = await sendAdt(world.adtPort, {
      controlId: "ADT0001",
      patient: PATIENT.number,
      familyName: CANARY,
      givenName: "Erika",
      phone: PATIENT.kisPhone,
      caseNumber: "F-2026-001",
    });
    expect(ack.code).toBe("AA");

    const sent: { id: string; texts: string[]; attachments: string[] }[] = [];
    for (const [round, killAfter] of KILL_AFTER.entries()) {
      const picture = gradientPng(40 + round, 30);
      const media = world.whatsapp.addMedia(picture, "image/png");
      const [text, image] = [`${CANARY} Text ${round}`, `${CANARY} Bild ${round}`];
      const [textId, imageId] = [wamid(PATIENT.phone), wamid(PATIENT.phone)];
      const bodies = [
        world.whatsapp.textBody({ from: PATIENT.phone, id: textId, body: text }),
        world.whatsapp.imageBody({
          from: PATIENT.phone,
          id: imageId,
          mediaId: media.id,
          mimeType: "image/png",
          sha256: media.sha256,
          caption: image,
        }),
      ].map((body) => world.whatsapp.signedBody(body));
      const webhook = () => `${engine.url}/webhooks/whatsapp-to-kis`;
      const first = bodies.map((body) => world.whatsapp.post(webhook(), body).catch(() => 0));
      await sleep(killAfter);
      await engine.end("SIGKILL");
      const answers = await Promise.all(first);
      engine = await startEngineProcess({ env: world.env });
      // What was not answered 200, Meta posts again.
      for (const [index, body] of bodies.entries()) {
        if (answers[index] !== 200) expect(await world.whatsapp.post(webhook(), body)).toBe(200);
      }
      sent.push({ id: textId, texts: [text], attachments: [] });
      sent.push({ id: imageId, texts: [image], attachments: [createHash("sha256").update(picture).digest("hex")] });
    }

    const api = new ApiClient(engine.url, world.apiToken);
    const expected: Expected[] = [];
    for (const { id, texts, attachments } of sent) {
      const { id: messageId } = await filedInTheEnd(api, id);
      expected.push({ messageId, patient: PATIENT.number, texts, attachments });
    }
    expect(faultsInKis(expected, world.fhir.chart, world.mllp)).toEqual([]);
    expect(await filesWith(world.env["BOTENSTOFF_DATA_DIR"] ?? "", CANARY)).toEqual([]);
    expect(await engine.end("SIGTERM")).toBe(0);
  } finally {
    await engine.end("SIGTERM");
    await world.close();
  }
}, 180_000);
