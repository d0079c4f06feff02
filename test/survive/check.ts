import { createHash } from "node:crypto";
import type { Binary, Communication, Media } from "@medplum/fhirtypes";
import type { ShownMessage } from "#src/demo/api-client.ts";
import type { World } from "#src/demo/world.ts";
import type { History, Sent } from "./history.ts";
import { AFTER_FILED_MS } from "./setting.ts";

/** One broken promise, and the messages it concerns. */
export interface Violation {
  readonly what: string;
  readonly messages: readonly string[];
}

const LOST = "[Bild: nicht abrufbar]";

/** What the engine shows of each message the load sent, by wamid. */
export type Shown = ReadonlyMap<string, readonly ShownMessage[]>;

/** Purges are seen up to a moment late, and the machine's uptime knows hundredths of a second. */
const TOLERATED_MS = 50;

/**
 * Everything wrong with a round, by the four invariants of docs/architecture.md and the order of conversations.
 * @param purged when each message was seen purged, by its id
 */
export function check(
  { sent, happenings, setAside }: Pick<History, "sent" | "happenings" | "setAside">,
  shown: Shown,
  world: World,
  purged: ReadonlyMap<string, number>,
): Violation[] {
  const waited = new Set(
    sent.map(({ wamid }) => wamid).filter((id) => setAside.has(id) || wasHeld(shown.get(id)?.[0])),
  );
  return [
    ...sent.flatMap((one) => ended(one, shown.get(one.wamid) ?? [])),
    ...sent.flatMap((one) => inChart(one, shown.get(one.wamid)?.[0], world)),
    ...sent.flatMap((one) => readBack(one, shown.get(one.wamid)?.[0], world)),
    ...sent.flatMap((one) => keptLongEnough(one, shown.get(one.wamid)?.[0], world, purged)),
    ...inArchive(sent, waited, world),
    ...chartInOrder(sent, shown, world, waited),
    ...innocents(sent, happenings, setAside),
    ...nobodyElse(sent, shown, world),
  ];
}

/** I1 and I4: every message answered with 200 has exactly one ending, and none was purged before it was filed. */
function ended({ wamid, patient }: Sent, found: readonly ShownMessage[]): Violation[] {
  const [message, ...more] = found;
  const broken = (what: string) => [{ what, messages: [wamid] }];
  if (!message) return broken("I1: a message answered with 200 is not there");
  if (more.length > 0) return broken("I2: a message is there twice");
  const states = (message.history ?? []).map(({ state }) => state);
  if (patient === undefined) {
    return message.state === "held" ? [] : broken(`I3: a stranger's message is ${message.state}`);
  }
  if (message.state !== "filed" && message.state !== "purged") {
    const errors = (message.deliveries ?? []).map(
      ({ destination, state, last_error }) => `${destination} ${state} ${last_error}`,
    );
    return broken(`I1: a message ended ${message.state} ${message.reason ?? ""} (${errors.join("; ")})`);
  }
  if (message.state === "purged" && !states.includes("filed")) return broken("I4: purged without having been filed");
  return [];
}

/** I4: it was there for as long as its channel says after the chart had it, whatever the clocks said. */
function keptLongEnough(
  { wamid }: Sent,
  message: ShownMessage | undefined,
  world: World,
  purged: ReadonlyMap<string, number>,
): Violation[] {
  const [end, since] = [purged.get(message?.id ?? ""), world.fhir.chart.since(`Communication/${message?.id}`)];
  if (end === undefined || since === undefined || end - since >= AFTER_FILED_MS - TOLERATED_MS) return [];
  return [{ what: `I4: purged ${end - since} ms after the chart had it, not ${AFTER_FILED_MS} ms`, messages: [wamid] }];
}

/** I1, I2, I3 as the chart shows them. */
function inChart(
  { wamid, patient, text, image, lost }: Sent,
  message: ShownMessage | undefined,
  world: World,
): Violation[] {
  if (!message) return [];
  const broken = (what: string) => [{ what, messages: [wamid] }];
  const found = world.fhir.chart.read(`Communication/${message.id}`) as Communication | undefined;
  if (patient === undefined) return found ? broken("I3: a stranger's message is in the chart") : [];
  if (!found) return broken("I1: the chart does not hold it");
  if (found.subject?.identifier?.value !== patient) return broken("I3: in the wrong chart");
  const said = (found.payload ?? []).flatMap(({ contentString }) => contentString ?? []);
  const pictures = (found.payload ?? []).flatMap(({ contentReference }) => contentReference?.reference ?? []);
  const shown = pictures.map((path) => pictureAt(path, world));
  if (shown.some((picture) => picture.patient !== patient)) return broken("I3: its picture is in the wrong chart");
  const wanted = lost ? [LOST, text] : [text];
  const whole = said.join("\n") === wanted.join("\n") && shown.map(({ sha256 }) => sha256).join() === (image ?? "");
  return whole ? [] : broken("I1: its content in the chart differs");
}

/** Whose a Media is, and the SHA-256 (hex) of the bytes it points to. */
function pictureAt(path: string, { fhir: { chart } }: World): { patient?: string | undefined; sha256: string } {
  const media = chart.read(path) as Media | undefined;
  const binary = chart.read(media?.content.url ?? "") as Binary | undefined;
  const bytes = Buffer.from(binary?.data ?? "", "base64");
  return {
    patient: media?.subject?.identifier?.value,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  };
}

/** I4: what counts as filed was read back from the chart as it is; an answer to the transaction proves nothing. */
function readBack({ wamid, patient }: Sent, message: ShownMessage | undefined, world: World): Violation[] {
  if (!message || patient === undefined || world.fhir.readTruly.has(`Communication/${message.id}`)) return [];
  return [{ what: "I4: filed without having been read back", messages: [wamid] }];
}

/**
 * I2 and order: each document once, always with the same bytes, in the order its patient wrote them. What waited for a
 * person left the order; it comes once, whenever it comes.
 */
function inArchive(sent: readonly Sent[], late: ReadonlySet<string>, world: World): Violation[] {
  const waited = new Set(sent.filter(({ wamid }) => late.has(wamid)).map(nameOfSent));
  const documents = [...world.mllp.documents.values()];
  const violations: Violation[] = [];
  for (const [patient, mine] of Map.groupBy(sent, (one) => one.patient)) {
    if (patient === undefined) continue;
    const texts = documents
      .filter((document) => document.patient === patient)
      .map(({ text, attachments }) => nameOf(text.at(-1) ?? "", attachments));
    const wanted = mine.map(nameOfSent);
    const inOrder = (list: readonly string[]) => list.filter((text) => !waited.has(text)).join("|");
    const once = texts.toSorted().join("|") === wanted.toSorted().join("|");
    if (once && inOrder(texts) === inOrder(wanted)) continue;
    const wrong = mine.filter((_, index) => texts[index] !== wanted[index]);
    const what = `I1, I2 or order: the archive holds [${texts.join(", ")}] instead of [${wanted.join(", ")}]`;
    violations.push({ what, messages: wrong.map(({ wamid }) => wamid) });
  }
  const patients = new Set(sent.map(({ patient }) => patient));
  const others = documents.filter(({ patient }) => !patients.has(patient)).length;
  if (others > 0)
    violations.push({ what: `I3: the archive holds ${others} documents of nobody who wrote`, messages: [] });
  const changed = documents.filter((document) => document.changed).length;
  if (changed > 0) violations.push({ what: `I2: ${changed} documents came again with other bytes`, messages: [] });
  return violations;
}

/** A text, and its pictures by the first digits of their SHA-256. */
function nameOf(text: string, pictures: readonly string[]): string {
  return [text, ...pictures.map((sha256) => sha256.slice(0, 12))].join(" + ");
}

function nameOfSent({ text, image }: Sent): string {
  return nameOf(text, image === undefined ? [] : [image]);
}

function wasHeld(message: ShownMessage | undefined): boolean {
  return message?.history?.some(({ state }) => state === "held") ?? false;
}

/** Order as the chart came to know it. */
function chartInOrder(sent: readonly Sent[], shown: Shown, world: World, waited: ReadonlySet<string>): Violation[] {
  const arrived = new Map(world.fhir.chart.all("Communication").map(({ id }, index) => [id, index]));
  const unheld = sent.filter(({ patient, wamid }) => patient !== undefined && !waited.has(wamid));
  const rank = ({ wamid }: Sent) => arrived.get(shown.get(wamid)?.[0]?.id) ?? Infinity;
  return [...Map.groupBy(unheld, ({ patient }) => patient).values()].flatMap((mine) =>
    mine.flatMap((one, index) => {
      const before = mine[index - 1];
      if (!before || rank(before) <= rank(one)) return [];
      return [{ what: "order: the chart got it before the message before it", messages: [before.wamid, one.wamid] }];
    }),
  );
}

/** An innocent message is set aside only where an engine died in the moment it was examined. */
function innocents(
  sent: readonly Sent[],
  happenings: History["happenings"],
  setAside: ReadonlySet<string>,
): Violation[] {
  const innocent = sent.filter(({ wamid, deadly }) => setAside.has(wamid) && !deadly).map(({ wamid }) => wamid);
  const deaths = happenings.filter(({ what }) => / is killed| died|is paused/.test(what)).length;
  if (innocent.length <= deaths) return [];
  return [{ what: `${innocent.length} messages were set aside by ${deaths} deaths`, messages: innocent }];
}

function nobodyElse(sent: readonly Sent[], shown: Shown, world: World): Violation[] {
  const ours = new Set(sent.flatMap(({ wamid }) => shown.get(wamid)?.map(({ id }) => id) ?? []));
  const strangers = world.fhir.chart.all("Communication").filter(({ id }) => !ours.has(id ?? ""));
  const pictures = world.fhir.chart.all("Media").length;
  const wanted = sent.filter(({ patient, image }) => patient !== undefined && image !== undefined).length;
  const none: readonly string[] = [];
  return [
    ...(strangers.length === 0
      ? []
      : [{ what: `I2: the chart holds ${strangers.length} messages nobody sent`, messages: none }]),
    ...(pictures === wanted
      ? []
      : [{ what: `I1, I2: the chart holds ${pictures} pictures of ${wanted}`, messages: none }]),
  ];
}
