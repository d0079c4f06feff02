import { wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import { sendAdt } from "./adt.ts";
import { ApiClient } from "./api-client.ts";
import type { EngineProcess } from "./engine-process.ts";
import { gradientPng } from "./picture.ts";
import { CHANNEL, PHONE, STRANGER } from "./story.ts";
import type { World } from "./world.ts";

/** A second patient, whose documents the KIS's archive refuses. */
const REFUSED = { patient: "80012", phone: "4915123456789", kisPhone: "0151 23456789", caseNumber: "F-2026-002" };
const SETTLED_MS = 30_000;

/** Leaves something to look at: filed messages, a stranger's, and a conversation that is stuck. */
export async function playScenes(world: World, engine: EngineProcess): Promise<void> {
  const api = new ApiClient(engine.url, world.apiToken);
  const webhook = `${engine.url}/webhooks/${CHANNEL}`;
  const post = (payload: unknown) => world.whatsapp.post(webhook, world.whatsapp.signedBody(payload));
  const write = async (from: string, body: string) => {
    const id = wamid(from);
    await post(world.whatsapp.textBody({ from, id, body }));
    return id;
  };

  const { patient, kisPhone, caseNumber } = REFUSED;
  world.fhir.addPatient({ identifier: [{ value: patient, system: "urn:oid:1.2.276.0.76.4.1" }] });
  const admission = { controlId: "ADT0002", familyName: "Beispiel", givenName: "Max", phone: kisPhone };
  await sendAdt(world.adtPort, { ...admission, patient, caseNumber });

  const text = await write(PHONE, "Danke, der Verband hält. Wann ist der nächste Termin?");
  const media = world.whatsapp.addMedia(gradientPng(640, 480), "image/png");
  const image = wamid(PHONE);
  const { id: mediaId, sha256 } = media;
  const picture = { from: PHONE, id: image, mediaId, mimeType: "image/png", sha256, caption: "Heute früh." };
  await post(world.whatsapp.imageBody(picture));
  for (const id of [text, image]) await api.until(id, ["filed"], SETTLED_MS);
  const held = [await write(STRANGER, "Meine Mutter liegt bei Ihnen."), await write(STRANGER, "Wie geht es ihr?")];
  for (const id of held) await api.until(id, ["held"], SETTLED_MS);
  world.mllp.behave(["AE"]);
  const refused = await write(REFUSED.phone, "Ich habe seit gestern Fieber.");
  await api.until(refused, ["failed"], SETTLED_MS);
  await write(REFUSED.phone, "Soll ich kommen?");
}
