import { createHash } from "node:crypto";
import { beforeEach, expect, it } from "@jest/globals";
import type { Communication, Media } from "@medplum/fhirtypes";
import type { ShownMessage } from "#src/demo/api-client.ts";
import { Chart } from "#src/simulators/kis/chart.ts";
import type { KisDocument } from "#src/simulators/kis/documents.ts";
import type { World } from "#src/demo/world.ts";
import { check } from "./check.ts";
import type { Sent } from "./history.ts";

const PICTURE = Buffer.from("a picture");
const SHA256 = createHash("sha256").update(PICTURE).digest("hex");
const FILED = ["received", "routed", "filed"];

let sent: Sent[];
let shown: Map<string, ShownMessage[]>;
let chart: Chart;
let documents: Map<string, KisDocument>;
let readTruly: Set<string>;
let purged: Map<string, number>;

function happen(one: Sent, states: readonly string[]): void {
  const id = `id-${one.wamid}`;
  sent.push(one);
  const history = states.map((state) => ({ state, at: "" }));
  shown.set(one.wamid, [{ id, kind: "text", state: states.at(-1) ?? "", reason: null, history }]);
  if (one.patient === undefined) return;
  const subject = { identifier: { value: one.patient } };
  if (one.image !== undefined) {
    chart.add({ resourceType: "Binary", id: `b-${id}`, contentType: "image/png", data: PICTURE.toString("base64") });
    chart.add({
      resourceType: "Media",
      id: `m-${id}`,
      status: "completed",
      subject,
      content: { url: `Binary/b-${id}` },
    });
  }
  const picture = one.image === undefined ? [] : [{ contentReference: { reference: `Media/m-${id}` } }];
  const payload = [...picture, { contentString: one.text }];
  chart.add({ resourceType: "Communication", id, status: "completed", subject, payload });
  readTruly.add(`Communication/${id}`);
  const attachments = one.image === undefined ? [] : [one.image];
  documents.set(id, { patient: one.patient, text: [one.text], attachments, changed: false } as unknown as KisDocument);
  if (states.includes("purged")) purged.set(id, (chart.since(`Communication/${id}`) ?? 0) + 3_000);
}

function violations(): string[] {
  const world = { fhir: { chart, readTruly }, mllp: { documents } } as unknown as World;
  return check({ sent, happenings: [], setAside: new Set() }, shown, world, purged).map(({ what }) => what);
}

const communication = (id: string) => chart.read(`Communication/id-${id}`) as Communication;
const forget = (path: string) => {
  const kept = (["Binary", "Media", "Communication"] as const).flatMap((type) => chart.all<typeof type>(type));
  chart = new Chart();
  for (const one of kept) if (`${one.resourceType}/${one.id}` !== path) chart.add(one);
};

beforeEach(() => {
  [sent, shown, chart, documents] = [[], new Map(), new Chart(), new Map()];
  [readTruly, purged] = [new Set(), new Map()];
  happen({ wamid: "a1", position: 0, patient: "1", text: "one" }, [...FILED, "purged"]);
  happen({ wamid: "a2", position: 1, patient: "1", text: "two", image: SHA256 }, FILED);
  happen({ wamid: "b1", position: 0, patient: "2", text: "three" }, FILED);
  happen({ wamid: "s1", position: 0, text: "four" }, ["received", "held"]);
});

it("a history in which every promise was kept has nothing wrong", () => {
  expect(violations()).toEqual([]);
});

const say = (wamid: string, change: Partial<ShownMessage>) =>
  shown.set(wamid, [{ ...shown.get(wamid)![0]!, ...change }]);

it.each<[string, RegExp, () => unknown]>([
  ["a message the engine does not know", /^I1/, () => shown.set("a1", [])],
  ["a message that is there twice", /^I2/, () => shown.set("a1", [...shown.get("a1")!, ...shown.get("a1")!])],
  ["a message that never ended", /^I1/, () => say("a2", { state: "routed" })],
  ["a purge of what was not filed", /^I4/, () => say("a1", { history: [{ state: "purged", at: "" }] })],
  ["a purge before its time", /^I4/, () => purged.set("id-a1", purged.get("id-a1")! - 100)],
  ["filing without having read", /^I4/, () => readTruly.delete("Communication/id-a1")],
  ["a stranger's message that was filed", /^I3/, () => say("s1", { state: "filed" })],
  ["a stranger's message in a chart", /^I3/, () => chart.add({ ...communication("a1"), id: "id-s1" })],
  ["a message missing from the chart", /^I1/, () => forget("Communication/id-b1")],
  [
    "another patient's chart",
    /^I3/,
    () => chart.add({ ...communication("a1"), subject: communication("b1").subject! }),
  ],
  ["another text in the chart", /^I1/, () => chart.add({ ...communication("a1"), payload: [{ contentString: "x" }] })],
  [
    "a picture missing from its message",
    /^I1/,
    () => chart.add({ ...communication("a2"), payload: [{ contentString: "two" }] }),
  ],
  [
    "a picture with other bytes",
    /^I1/,
    () => chart.add({ resourceType: "Binary", id: "b-id-a2", contentType: "image/png", data: "AAAA" }),
  ],
  [
    "a picture in another's chart",
    /^I3/,
    () => chart.add({ ...(chart.read("Media/m-id-a2") as Media), subject: communication("b1").subject! }),
  ],
  ["a picture twice", /^I1, I2/, () => chart.add({ ...(chart.read("Media/m-id-a2") as Media), id: "again" })],
  ["a message in the chart nobody sent", /^I2/, () => chart.add({ ...communication("a1"), id: "other" })],
  [
    "the chart's order turned round",
    /^order/,
    () => {
      const first = communication("a1");
      forget("Communication/id-a1");
      chart.add(first);
    },
  ],
  ["a document that is missing", /^I1, I2 or order/, () => documents.delete("id-b1")],
  ["a document that came twice", /^I1, I2 or order/, () => documents.set("again", documents.get("id-a1")!)],
  [
    "a document without its picture",
    /^I1, I2 or order/,
    () => Object.assign(documents.get("id-a2")!, { attachments: [] }),
  ],
  [
    "a document filed to another patient",
    /^I1, I2 or order/,
    () => Object.assign(documents.get("id-a1")!, { patient: "2" }),
  ],
  ["a document of nobody who wrote", /^I3/, () => documents.set("s", { ...documents.get("id-a1")!, patient: "" })],
  [
    "a document that came again with other bytes",
    /^I2/,
    () => Object.assign(documents.get("id-a1")!, { changed: true }),
  ],
  [
    "the archive's order turned round",
    /^I1, I2 or order/,
    () => {
      const first = documents.get("id-a1")!;
      documents.delete("id-a1");
      documents.set("id-a1", first);
    },
  ],
])("the checker sees %s", (_what, expected, plant) => {
  plant();
  expect(violations().some((what) => expected.test(what))).toBe(true);
});
