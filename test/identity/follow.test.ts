import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Communication } from "@medplum/fhirtypes";
import pg from "pg";
import type { ShownMessage } from "#src/demo/api-client.ts";
import type { FhirBehaviour } from "#src/simulators/kis/fhir.ts";
import type { MllpBehaviour } from "#src/simulators/kis/mllp.ts";
import { PATIENT, startTestEngine, type TestEngine } from "../engine/harness.ts";

const SURVIVOR = { number: "80000", phone: "4915112345670", kisPhone: "0151 12345670" };

interface ShownRehoming {
  readonly message: string;
  readonly kind: string;
  readonly destinations: { destination: string; state: string }[];
  readonly from: string;
  readonly to: string | null;
}

let engine: TestEngine;
beforeEach(async () => {
  engine = await startTestEngine();
  await engine.admit();
  await engine.adt({ patient: SURVIVOR.number, phone: SURVIVOR.kisPhone, caseNumber: "F-2026-002" });
});
afterEach(() => engine.close());

const archiveSays = (behaviour: MllpBehaviour) => engine.world.mllp.behave(Array<MllpBehaviour>(500).fill(behaviour));
const chartSays = (behaviour: FhirBehaviour) => engine.world.fhir.behave(Array<FhirBehaviour>(500).fill(behaviour));
const CHART_DOWN: FhirBehaviour = { on: "transaction", status: 503 };
const merge = () =>
  engine.adt({
    trigger: "A40",
    patient: SURVIVOR.number,
    retired: PATIENT.number,
    phone: "",
    caseNumber: "",
    familyName: "Mustermann",
  });
const rehomings = async () => (await engine.api.get<{ items: ShownRehoming[] }>("/api/v1/rehomings")).items;
const delivery = ({ deliveries }: ShownMessage, name: string) =>
  deliveries?.find(({ destination }) => destination === name);

async function shown(wamid: string): Promise<ShownMessage> {
  const [found] = await engine.api.find(wamid);
  if (!found) throw new Error("the message is not there");
  return engine.api.get<ShownMessage>(`/api/v1/messages/${found.id}`);
}

const attempted = (wamid: string, name: string) =>
  engine.eventually(`${name} was tried`, async () => (delivery(await shown(wamid), name)?.attempts ?? 0) > 0);

test("what was routed and never sent goes to the survivor of a merge, with everything that waits behind it", async () => {
  archiveSays("unknown-patient-204");
  chartSays(CHART_DOWN);
  const first = await engine.text("vor der Zusammenführung");
  // An attempt under way would be in doubt.
  for (const name of ["archive", "chart"]) await attempted(first, name);
  const second = await engine.text("dahinter");
  await engine.eventually("it is routed", async () => (await shown(second)).state === "routed");
  expect((await merge()).code).toBe("AA");
  engine.world.mllp.behave([]);
  engine.world.fhir.behave([]);
  for (const wamid of [first, second]) {
    const { id } = await engine.until(wamid, "filed");
    const communication = engine.world.fhir.chart.read(`Communication/${id}`) as Communication;
    expect(communication.subject?.identifier?.value).toBe(SURVIVOR.number);
  }
  expect([...engine.world.mllp.documents.values()].map(({ patient }) => patient)).toEqual(["80000", "80000"]);
  expect(await rehomings()).toEqual([]);
});

test("what may have been sent is sent again as it was, and listed for re-homing", async () => {
  archiveSays("hang-up-after-read");
  const sent = await engine.text("im Zweifel");
  await engine.eventually("the chart has it", async () => delivery(await shown(sent), "chart")?.state === "confirmed");
  await engine.eventually("it was received", () => engine.world.mllp.received.length > 1);
  await merge();
  engine.world.mllp.behave([]);
  const { id } = await engine.until(sent, "filed");
  expect(new Set(engine.world.mllp.received.map(({ sha256 }) => sha256)).size).toBe(1);
  const [only, ...more] = await rehomings();
  expect(more).toEqual([]);
  expect(only).toMatchObject({
    message: id,
    kind: "merge",
    destinations: [
      { destination: "archive", state: "unclear" },
      { destination: "chart", state: "filed" },
    ],
  });
  expect(only?.from).not.toBe(only?.to);
});

test("a destination that has it keeps its patient, one that has not gets the survivor; the list says which", async () => {
  archiveSays("unknown-patient-204");
  const sent = await engine.text("halb abgelegt");
  await engine.eventually("the chart has it", async () => delivery(await shown(sent), "chart")?.state === "confirmed");
  await attempted(sent, "archive");
  await merge();
  engine.world.mllp.behave([]);
  await engine.until(sent, "filed");
  expect([...engine.world.mllp.documents.values()].map(({ patient }) => patient)).toEqual([SURVIVOR.number]);
  expect((await rehomings()).map(({ destinations }) => destinations)).toEqual([
    [{ destination: "chart", state: "filed" }],
  ]);
});

test("what is taken for sending while a merge is being written goes to the survivor", async () => {
  archiveSays("unknown-patient-204");
  const sent = await engine.text("während der Zusammenführung");
  await attempted(sent, "archive");
  const { store } = engine;
  const due = (when: string) =>
    store.query(`UPDATE lane SET ready_at = now() + $1::interval WHERE stage = 'archive'`, [when]);
  await due("1 hour");
  // The last thing a merge does is its line in the journal, for which it waits here.
  const journal = new pg.Client({ connectionString: engine.databaseUrl });
  await journal.connect();
  await journal.query("BEGIN; SELECT pg_advisory_xact_lock(7041780)");
  const waiting = async (what: string) => {
    const { rows } = await store.query(
      `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1`,
      [`%${what}%`],
    );
    return rows.length > 0;
  };
  const merging = merge();
  await engine.eventually("the merge is nearly written", () => waiting("pg_advisory_xact_lock"));
  engine.world.mllp.behave([]);
  await due("0");
  await engine.eventually("it is being taken", () => waiting("UPDATE delivery SET state = 'sending'"));
  await journal.query("COMMIT");
  await journal.end();
  expect((await merging).code).toBe("AA");
  await engine.until(sent, "filed");
  expect([...engine.world.mllp.documents.values()].map(({ patient }) => patient)).toEqual([SURVIVOR.number]);
});

test("in doubt, and refused because the former number is gone: the message fails for a person to look", async () => {
  chartSays(CHART_DOWN);
  archiveSays("hang-up-after-read");
  const sent = await engine.text("nur ein Mensch weiß es");
  await engine.eventually("it was received", () => engine.world.mllp.received.length > 0);
  await engine.eventually("the doubt is written down", async () => {
    const { rows } = await engine.store.query(`SELECT FROM delivery WHERE destination = 'archive' AND in_doubt`);
    return rows.length === 1;
  });
  await merge();
  archiveSays("unknown-patient-204");
  const failed = await engine.until(sent, "failed");
  expect(delivery(failed, "archive")?.last_error).toMatch(/^PATIENT_CHANGED_IN_DOUBT: /);
  engine.world.mllp.behave([]);
  engine.world.fhir.behave([]);
  expect(await engine.api.reprocess(failed.id)).toBe(202);
  await engine.until(sent, "filed");
  // The simulator took it at the first attempt: exactly what the person was asked to look for.
  expect(delivery(await shown(sent), "archive")?.state).toBe("accepted");
});

test("nothing is filed to the former survivor of a number that is somebody else's by now, when its patient goes into that", async () => {
  chartSays(CHART_DOWN);
  archiveSays("unknown-patient-204");
  const sent = await engine.text("an niemanden, den jemand kennt");
  await attempted(sent, "archive");
  const before = (seconds: number) => new Date(Date.now() - seconds * 1_000);
  const other = { patient: "80001", phone: "0151 12345671", caseNumber: "F-2026-003", birthDate: "19700228" };
  await engine.adt({ ...other, writtenAt: before(300) });
  const survivor = { patient: SURVIVOR.number, phone: "", caseNumber: "", trigger: "A40" };
  await engine.adt({ ...survivor, retired: other.patient, writtenAt: before(200) });
  await engine.adt({ ...other, trigger: "A31", writtenAt: before(100) });
  await engine.adt({ ...other, trigger: "A40", retired: PATIENT.number });
  engine.world.mllp.behave([]);
  engine.world.fhir.behave([]);
  await engine.until(sent, "failed");
  expect(engine.world.mllp.documents.size).toBe(0);
  expect(engine.world.fhir.chart.all("Communication")).toEqual([]);
});

test("nothing is filed to a person the KIS deleted; processed again, the message is held", async () => {
  chartSays(CHART_DOWN);
  archiveSays("unknown-patient-204");
  const sent = await engine.text("an niemanden");
  await attempted(sent, "archive");
  expect((await engine.adt({ trigger: "A29" })).code).toBe("AA");
  engine.world.mllp.behave([]);
  engine.world.fhir.behave([]);
  const failed = await engine.until(sent, "failed");
  await engine.eventually("both are failed", async () => {
    const { deliveries } = await shown(sent);
    return deliveries?.every(({ last_error: error }) => error?.startsWith("PATIENT_WITHDRAWN: ")) ?? false;
  });
  expect(engine.world.mllp.documents.size).toBe(0);
  expect(engine.world.fhir.chart.all("Communication")).toEqual([]);
  expect(await engine.api.reprocess(failed.id)).toBe(202);
  expect((await engine.until(sent, "held")).reason).toBe("unknown");
  await engine.adt({ controlId: "NEW-ADMISSION" });
  await engine.until(sent, "filed");
  expect(engine.world.mllp.documents.size).toBe(1);
});

test("two who shared a number and are one now: what was held as ambiguous is filed", async () => {
  await engine.adt({ patient: SURVIVOR.number, phone: PATIENT.kisPhone, caseNumber: "F-2026-002", trigger: "A08" });
  const sent = await engine.text("von wem?");
  expect((await engine.until(sent, "held")).reason).toBe("ambiguous");
  await merge();
  await engine.until(sent, "filed");
});

test("a case that moves to another patient takes no message along; what was filed in it is listed", async () => {
  const filed = await engine.until(await engine.text("im alten Fall"), "filed");
  chartSays(CHART_DOWN);
  archiveSays("unknown-patient-204");
  const waiting = await engine.text("noch nicht abgelegt");
  await attempted(waiting, "archive");
  await engine.adt({ trigger: "A45", patient: SURVIVOR.number, phone: "", retired: PATIENT.number });
  engine.world.mllp.behave([]);
  engine.world.fhir.behave([]);
  await engine.until(waiting, "filed");
  const documents = [...engine.world.mllp.documents.values()];
  expect(documents.map(({ patient }) => patient)).toEqual([PATIENT.number, PATIENT.number]);
  expect((await rehomings()).map(({ message, kind }) => [message, kind])).toEqual([[filed.id, "case"]]);
});
