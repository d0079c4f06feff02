import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { sendAdt } from "#src/demo/adt.ts";
import { gradientPng } from "#src/demo/picture.ts";
import { wamid, type SignedBody } from "#src/simulators/whatsapp-cloud/payload.ts";
import type { History, Sent } from "./history.ts";
import type { Random } from "./random.ts";
import type { Setting } from "./setting.ts";

export interface Person {
  readonly number?: string;
  readonly phone: string;
}

const CHANNEL = "whatsapp-to-kis";
const ACCEPTED_WITHIN_MS = 60_000;

/** Four patients and one stranger. */
export const PEOPLE: readonly Person[] = [
  ...[1, 2, 3, 4].map((n) => ({ number: `8000${n}`, phone: `491511000000${n}` })),
  { phone: "4915119999999" },
];
/** A patient who writes only when everything is repaired. */
export const PROBE: Person = { number: "80009", phone: "4915110000009" };
/** Patients who write what is wrong in itself (input-faults.ts). */
export const POISONER: Person = { number: "80010", phone: "4915110000010" };
export const UNLUCKY: Person = { number: "80011", phone: "4915110000011" };

/** Makes the patients known to the chart and the engine. */
export async function admit(setting: Setting, everyone: readonly Person[]): Promise<void> {
  for (const [index, { number, phone }] of everyone.entries()) {
    if (number === undefined) continue;
    setting.world.fhir.addPatient({ identifier: [{ value: number, system: "urn:oid:1.2.276.0.76.4.1" }] });
    const ack = await sendAdt(setting.engines[0]?.adtPort ?? 0, {
      controlId: `ADT${index}`,
      patient: number,
      familyName: "Muster",
      givenName: "Kim",
      phone: phone.replace(/^49/, "0"),
      caseNumber: `F${index}`,
    });
    if (ack.code !== "AA") throw new Error(`an admission was answered ${ack.code}`);
  }
}

/** Posts to whichever engine answers, as Meta and a load balancer would, until one says 200. */
export async function deliver(setting: Setting, body: SignedBody, random: Random): Promise<void> {
  const deadline = performance.now() + ACCEPTED_WITHIN_MS;
  for (;;) {
    const slot = random.pick(setting.engines);
    const answer = slot.process
      ? await Promise.race([
          setting.world.whatsapp.post(`http://127.0.0.1:${slot.port}/webhooks/${CHANNEL}`, body),
          sleep(3_000, 0, { ref: false }),
        ])
      : 0;
    if (answer === 200) return;
    if (performance.now() > deadline) throw new Error(`no engine took a webhook; the last answer was ${answer}`);
    await sleep(50);
  }
}

/**
 * One person writes `count` messages, and more slowly on for as long as things break, each after the one before was taken;
 * earlier ones are repeated at random, new ones come twice at the same moment.
 */
export async function converse(
  setting: Setting,
  history: History,
  person: Person,
  count: number,
  random: Random,
  goesOn: () => boolean = () => false,
): Promise<SignedBody[]> {
  const bodies: SignedBody[] = [];
  for (let position = 0; position < count || goesOn(); position += 1) {
    const { sent, body } = compose(setting, person, position, random);
    await Promise.all(Array.from({ length: random.chance(0.1) ? 2 : 1 }, () => deliver(setting, body, random)));
    history.sent.push(sent);
    history.add(`answered 200 (${sent.image ? "image" : "text"} ${position} of ${person.phone.slice(-2)})`, sent.wamid);
    bodies.push(body);
    if (random.chance(0.2)) await deliver(setting, random.pick(bodies), random);
    await sleep(position < count ? random.int(0, 400) : random.int(300, 1_200));
  }
  return bodies;
}

function compose(setting: Setting, person: Person, position: number, random: Random): { sent: Sent; body: SignedBody } {
  const { whatsapp } = setting.world;
  const id = wamid(person.phone);
  const text = `Zeile ${position} von ${person.phone.slice(-2)}`;
  const common = {
    wamid: id,
    position,
    text,
    ...(person.number !== undefined && { patient: person.number }),
  };
  if (person.number === undefined || random.chance(0.75)) {
    return { sent: common, body: whatsapp.signedBody(whatsapp.textBody({ from: person.phone, id, body: text })) };
  }
  const picture = gradientPng(random.int(8, 120), random.int(8, 90));
  const media = whatsapp.addMedia(picture, "image/png");
  const image = {
    from: person.phone,
    id,
    mediaId: media.id,
    mimeType: "image/png",
    sha256: media.sha256,
    caption: text,
  };
  return {
    sent: { ...common, image: createHash("sha256").update(picture).digest("hex") },
    body: whatsapp.signedBody(whatsapp.imageBody(image)),
  };
}
