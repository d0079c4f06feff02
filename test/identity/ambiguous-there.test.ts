import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { PATIENT, startTestEngine, type TestEngine } from "../engine/harness.ts";

const SYSTEM = "urn:oid:1.2.276.0.76.4.1";
const SURVIVOR = "80000";

let engine: TestEngine;
beforeEach(async () => {
  engine = await startTestEngine();
  await engine.admit();
});
afterEach(() => engine.close());

const merge = (patient: string, retired: string) =>
  engine.adt({ trigger: "A40", patient, retired, phone: "", caseNumber: "" });
const subjects = () => engine.world.fhir.chart.all("Communication").map(({ subject }) => subject?.reference);

test.each([
  ["into another number", SURVIVOR, PATIENT.number],
  ["of another into it", PATIENT.number, SURVIVOR],
])("an A40 %s sets going what the chart had several patients for, and what waits behind it", async (_, to, from) => {
  const { fhir } = engine.world;
  await engine.adt({ patient: SURVIVOR, phone: "", caseNumber: "F-2026-002", familyName: "Zwei" });
  const twice = fhir.addPatient({ identifier: [{ system: SYSTEM, value: PATIENT.number }] });
  const first = await engine.text("zweimal bekannt");
  const failed = await engine.until(first, "failed");
  expect(failed.deliveries?.find(({ destination }) => destination === "chart")?.last_error).toMatch(
    /^PATIENT_AMBIGUOUS_AT_DESTINATION: /,
  );
  const second = await engine.text("dahinter");
  // The KIS resolves its duplicate, and tells it.
  const survivor = fhir.chart.all("Patient").find(({ identifier }) => identifier?.some(({ value }) => value === to));
  const replaced = { ...twice, active: false };
  fhir.addPatient({ ...replaced, link: [{ type: "replaced-by", other: { reference: `Patient/${survivor?.id}` } }] });
  expect((await merge(to, from)).code).toBe("AA");
  await engine.until(first, "filed");
  await engine.until(second, "filed");
  expect(subjects()).toEqual([`Patient/${survivor?.id}`, `Patient/${survivor?.id}`]);
});

test("a merge at the server is followed before its A40 is here", async () => {
  const { fhir } = engine.world;
  const [source] = fhir.chart.all("Patient");
  const target = fhir.addPatient({
    identifier: [
      { system: SYSTEM, value: SURVIVOR },
      { system: SYSTEM, value: PATIENT.number, use: "old" },
    ],
  });
  const link = [{ type: "replaced-by" as const, other: { reference: `Patient/${target.id}` } }];
  fhir.addPatient({ ...source, active: false, link });
  const sent = await engine.text("schon zusammengeführt");
  await engine.until(sent, "filed");
  expect(subjects()).toEqual([`Patient/${target.id}`]);
});
