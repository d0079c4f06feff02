import type { Communication } from "@medplum/fhirtypes";
import type { ShownMessage } from "#src/demo/api-client.ts";
import type { World } from "#src/demo/world.ts";
import type { Sent } from "./history.ts";
import { AFTER_FILED_MS } from "./setting.ts";

/** One broken promise, and the messages it concerns. */
export interface Violation {
  readonly what: string;
  readonly messages: readonly string[];
}

/** What the engine shows of each message the load sent, by wamid. */
export type Shown = ReadonlyMap<string, readonly ShownMessage[]>;

/** Purges are seen up to a moment late, and the machine's uptime knows hundredths of a second. */
const TOLERATED_MS = 50;

/**
 * Everything wrong with a round, by the four invariants of docs/architecture.md and the order of conversations.
 * @param purged when each message was seen purged, by its id
 */
export function check(
  sent: readonly Sent[],
  shown: Shown,
  world: World,
  purged: ReadonlyMap<string, number>,
): Violation[] {
  return [
    ...sent.flatMap((one) => ended(one, shown.get(one.wamid) ?? [])),
    ...sent.flatMap((one) => inChart(one, shown.get(one.wamid)?.[0], world)),
    ...sent.flatMap((one) => keptLongEnough(one, shown.get(one.wamid)?.[0], world, purged)),
    ...inArchive(sent, shown, world),
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
function inChart({ wamid, patient, text, image }: Sent, message: ShownMessage | undefined, world: World): Violation[] {
  if (!message) return [];
  const broken = (what: string) => [{ what, messages: [wamid] }];
  const found = world.fhir.chart.read(`Communication/${message.id}`) as Communication | undefined;
  if (patient === undefined) return found ? broken("I3: a stranger's message is in the chart") : [];
  if (!found) return broken("I1: the chart does not hold it");
  if (found.subject?.identifier?.value !== patient) return broken("I3: in the wrong chart");
  const said = (found.payload ?? []).flatMap(({ contentString }) => contentString ?? []);
  const pictures = (found.payload ?? []).filter(({ contentReference }) => contentReference).length;
  return said.join("\n") === text && pictures === (image ? 1 : 0) ? [] : broken("I1: its content in the chart differs");
}

/**
 * I2 and order: each document once, always with the same bytes, in the order its patient wrote them. What waited for a
 * person left the order; it comes once, whenever it comes.
 */
function inArchive(sent: readonly Sent[], shown: Shown, world: World): Violation[] {
  const waited = new Set(sent.filter(({ wamid }) => wasHeld(shown.get(wamid)?.[0])).map(({ text }) => text));
  const documents = [...world.mllp.documents.values()];
  const violations: Violation[] = [];
  for (const [patient, mine] of Map.groupBy(sent, (one) => one.patient)) {
    if (patient === undefined) continue;
    const texts = documents.filter((document) => document.patient === patient).map(({ text }) => text.at(-1) ?? "");
    const wanted = mine.map(({ text }) => text);
    const inOrder = (list: readonly string[]) => list.filter((text) => !waited.has(text)).join("|");
    const once = texts.toSorted().join("|") === wanted.toSorted().join("|");
    if (once && inOrder(texts) === inOrder(wanted)) continue;
    const wrong = mine.filter(({ text }, index) => texts[index] !== text);
    const what = `I1, I2 or order: the archive holds [${texts.join(", ")}] instead of [${wanted.join(", ")}]`;
    violations.push({ what, messages: wrong.map(({ wamid }) => wamid) });
  }
  const changed = documents.filter((document) => document.changed).length;
  if (changed > 0) violations.push({ what: `I2: ${changed} documents came again with other bytes`, messages: [] });
  return violations;
}

function wasHeld(message: ShownMessage | undefined): boolean {
  return message?.history?.some(({ state }) => state === "held") ?? false;
}

function nobodyElse(sent: readonly Sent[], shown: Shown, world: World): Violation[] {
  const ours = new Set(sent.flatMap(({ wamid }) => shown.get(wamid)?.map(({ id }) => id) ?? []));
  const strangers = world.fhir.chart.all("Communication").filter(({ id }) => !ours.has(id ?? ""));
  return strangers.length === 0
    ? []
    : [{ what: `I2: the chart holds ${strangers.length} messages nobody sent`, messages: [] }];
}
