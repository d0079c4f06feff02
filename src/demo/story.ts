import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { sendAdt } from "./adt.ts";
import { ApiClient, type ShownMessage, type ShownPurge } from "./api-client.ts";
import type { EngineProcess } from "./engine-process.ts";
import { clearStranger } from "./clear.ts";
import { faultsInKis, type Expected } from "./invariants.ts";
import { gradientPng } from "./picture.ts";
import { wamid } from "#src/simulators/whatsapp-cloud/payload.ts";
import type { World } from "./world.ts";

export interface Told {
  readonly faults: readonly string[];
  readonly messages: number;
  readonly filed: number;
  readonly held: number;
  readonly purged: number;
  readonly certificates: number;
}

export const CHANNEL = "whatsapp-to-kis";
export const PHONE = "4915112345678";
export const STRANGER = "4915187654321";
/** The patient at a telephone the KIS does not know. */
const BORROWED = "4915187650000";
const BORROWED_TEXT = "Ich schreibe vom Telefon meiner Tochter: die Wunde ist zu.";
const PATIENT = "79471";
const TEXT = "Guten Morgen, die Wunde nässt seit gestern wieder. Soll ich kommen?";
const CAPTION = "So sieht sie heute aus.";
/** What staff gets elsewhere: from the ward, from the KIS. */
const KNOWN = { patient: PATIENT, caseNumber: "F-2026-001", birthDate: "12.08.1964" };
const FILED_MS = 30_000;
const PURGED_MS = 60_000;

type Say = (step: string, detail: string) => void;

/** The main job from admission to purge, told step by step. Everything it claims it has looked up in KIS and API. */
export async function tellStory(world: World, engine: EngineProcess, say: Say): Promise<Told> {
  const api = new ApiClient(engine.url, world.apiToken);
  const webhook = `${engine.url}/webhooks/${CHANNEL}`;
  world.fhir.addPatient({
    identifier: [{ value: PATIENT, system: "urn:oid:1.2.276.0.76.4.1" }],
    name: [{ family: "Mustermann" }],
  });

  const ack = await sendAdt(world.adtPort, {
    controlId: "ADT0001",
    patient: PATIENT,
    familyName: "Mustermann",
    givenName: "Erika",
    phone: "0151 12345678",
    caseNumber: "F-2026-001",
  });
  say("admitted", `the KIS sent ADT^A01, answered ${ack.code}: patient ${PATIENT} and her number are known`);
  const echoed = await world.whatsapp.verify(webhook, world.env["WHATSAPP_VERIFY_TOKEN"] ?? "");
  say("subscribed", `Meta's handshake was ${echoed ? "echoed" : "refused"}`);

  const picture = gradientPng(320, 240);
  const media = world.whatsapp.addMedia(picture, "image/png");
  const sent = {
    text: { id: wamid(PHONE) },
    image: { id: wamid(PHONE) },
    stranger: { id: wamid(STRANGER) },
    borrowed: { id: wamid(BORROWED) },
  };
  const text = world.whatsapp.signedBody(world.whatsapp.textBody({ from: PHONE, id: sent.text.id, body: TEXT }));
  const image = world.whatsapp.signedBody(
    world.whatsapp.imageBody({
      from: PHONE,
      id: sent.image.id,
      mediaId: media.id,
      mimeType: "image/png",
      sha256: media.sha256,
      caption: CAPTION,
    }),
  );
  const stranger = world.whatsapp.signedBody(
    world.whatsapp.textBody({ from: STRANGER, id: sent.stranger.id, body: "Wer sind Sie?" }),
  );
  const borrowed = world.whatsapp.signedBody(
    world.whatsapp.textBody({ from: BORROWED, id: sent.borrowed.id, body: BORROWED_TEXT }),
  );
  const statuses = [text, text, image, stranger, borrowed].map((body) => world.whatsapp.post(webhook, body));
  say(
    "received",
    `text, the same text again, image, the texts of two strangers: answered ${(await Promise.all(statuses)).join(", ")}`,
  );
  const forged = { ...text, body: Buffer.concat([text.body, Buffer.from(" ")]) };
  const refused = await world.whatsapp.post(webhook, forged);
  say("refused", `a body with a forged signature: answered ${refused}`);

  const filedText = await api.until(sent.text.id, ["filed"], FILED_MS);
  sayFiled(say, filedText, world);
  const filedImage = await api.until(sent.image.id, ["filed"], FILED_MS);
  sayFiled(say, filedImage, world);
  const held = await api.until(sent.stranger.id, ["held"], FILED_MS);
  say("held", `${held.id} (${held.kind}): ${held.reason}`);
  const found = await api.until(sent.borrowed.id, ["held"], FILED_MS);
  say("held", `${found.id} (${found.kind}): ${found.reason}`);
  await clearStranger(world, engine.url, found, KNOWN, say);
  sayFiled(say, await api.until(sent.borrowed.id, ["filed", "purged"], FILED_MS), world);

  const expected: Expected[] = [
    { messageId: filedText.id, patient: PATIENT, texts: [TEXT], attachments: [] },
    {
      messageId: filedImage.id,
      patient: PATIENT,
      texts: [CAPTION],
      attachments: [createHash("sha256").update(picture).digest("hex")],
    },
    { messageId: held.id, texts: [], attachments: [] },
    { messageId: found.id, patient: PATIENT, texts: [BORROWED_TEXT], attachments: [] },
  ];
  const early = faultsInKis(expected, world.fhir.chart, world.mllp);

  say("waiting", `for the retention period (${world.env["BOTENSTOFF_AFTER_FILED"]} after filing) to pass`);
  for (const id of [sent.text.id, sent.image.id, sent.borrowed.id]) {
    const purged = await api.until(id, ["purged"], PURGED_MS);
    say(
      "purged",
      `${purged.id} (${purged.kind}); history ${(purged.history ?? []).map(({ state }) => state).join(" → ")}`,
    );
  }
  const certificates = (await certificatesOf(api)).filter(({ destroyed }) => destroyed > 0);
  for (const { certificate } of certificates) say("certificate", JSON.stringify(certificate));

  const again = await world.whatsapp.post(webhook, text);
  await sleep(500);
  const replayed = await api.find(sent.text.id);
  say("replayed", `the text once more after its purge: answered ${again}, still ${replayed[0]?.state ?? "absent"}`);

  const faults = [
    ...early,
    ...faultsInKis(expected, world.fhir.chart, world.mllp),
    ...(ack.code === "AA" && echoed ? [] : ["the ADT or the handshake was refused"]),
    ...((await Promise.all(statuses)).every((status) => status === 200) ? [] : ["a webhook was not accepted (I1)"]),
    ...(refused === 401 ? [] : ["a forged webhook was not refused"]),
    ...(again === 200 && replayed.length === 1 && replayed[0]?.state === "purged"
      ? []
      : ["a replay came back to life (I2)"]),
    ...((await api.find(sent.stranger.id))[0]?.state === "held" ? [] : ["the stranger's message is gone (I4)"]),
    ...purgeFaults([filedText, filedImage], certificates),
  ];
  return { faults, messages: 4, filed: 3, held: 1, purged: 3, certificates: certificates.length };
}

function sayFiled(say: Say, message: ShownMessage, world: World): void {
  const chart = message.deliveries?.find(({ destination }) => destination === "chart");
  const archive = message.deliveries?.find(({ destination }) => destination === "archive");
  say("filed", `${message.id} (${message.kind})`);
  say("  chart", JSON.stringify(chart?.receipt));
  say("  confirmed", JSON.stringify(chart?.confirmation));
  say("  archive", `MDM^T02 ${JSON.stringify(archive?.receipt)}; the KIS holds ${world.mllp.documents.size} documents`);
}

/** The purge of the last message may still be writing its certificate. */
async function certificatesOf(api: ApiClient): Promise<ShownPurge[]> {
  await sleep(1_500);
  return api.purges();
}

/** I4: nothing destroyed before it was filed, and everything destroyed is certified. */
function purgeFaults(messages: readonly ShownMessage[], purges: readonly ShownPurge[]): string[] {
  const destroyed = purges.reduce((sum, purge) => sum + purge.destroyed, 0);
  const unconfirmed = messages.filter(({ deliveries = [] }) => !deliveries.some(({ state }) => state === "confirmed"));
  return [
    ...(destroyed >= messages.length ? [] : ["a purge has no certificate (I4)"]),
    ...unconfirmed.map(({ id }) => `${id}: filed without a confirmation (I4)`),
  ];
}
