import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Encounter } from "@medplum/fhirtypes";
import { fittingCase } from "#src/identity/case-rule.ts";
import { resolve } from "#src/identity/resolve.ts";
import { casesOf } from "#src/lookups/fhir/encounters.ts";
import { openFhirLookup } from "#src/lookups/fhir/lookup.ts";
import type { PatientLookup } from "#src/lookups/lookup.ts";
import { OPEN_OR_PLANNED, type CaseRule } from "#src/message/case-rule.ts";
import { startKisFhir, type KisFhir } from "#src/simulators/kis/fhir.ts";
import { FhirClient } from "#src/wire/fhir/client.ts";
import { createDirectoryHarness, NOW, PHONE } from "./harness.ts";

const V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203";
const PHYSICAL = "http://terminology.hl7.org/CodeSystem/location-physical-type";
const HOUR_MS = 3_600_000;
const RULE: CaseRule = { ...OPEN_OR_PLANNED, states: ["open"] };

let harness: Awaited<ReturnType<typeof createDirectoryHarness>>;
let kis: KisFhir;
let lookup: PatientLookup;
beforeAll(async () => (harness = await createDirectoryHarness()));
afterAll(() => harness.close());
beforeEach(async () => {
  await harness.clear();
  kis = await startKisFhir({ host: "127.0.0.1", port: 0 });
  const connection = { baseUrl: kis.url, timeoutMs: 30_000, connections: 2, encounters: true };
  lookup = openFhirLookup({ ...connection, country: "DE", parameter: "phone", freshForMs: 0 });
});
afterEach(async () => {
  await lookup.close();
  await kis.close();
});

const typed = (type: string, value: string) => ({
  ...{ system: "urn:oid:1.2.3", value },
  type: { coding: [{ system: V2_0203, code: type }] },
});
const patient = (number: string, phone = `+${PHONE}`) =>
  kis.addPatient({ identifier: [typed("PI", number)], telecom: [{ system: "phone", value: phone }] }).id ?? "";
const encounter = (patientId: string, number: string, more: Partial<Encounter> = {}) =>
  kis.chart.add({
    resourceType: "Encounter",
    status: "in-progress",
    class: { code: "IMP" },
    identifier: [typed("VN", number)],
    subject: { reference: `Patient/${patientId}` },
    ...more,
  });
const ward = (code: string): Partial<Encounter> => ({
  location: [
    { physicalType: { coding: [{ system: PHYSICAL, code: "wa" }] }, location: { identifier: { value: code } } },
  ],
});

/** The number of the case that a rule chooses for a message of now. */
async function chosen(rule: CaseRule): Promise<string | undefined> {
  const asking = { signal: AbortSignal.timeout(120_000) };
  const found = await resolve(harness.directory, { phone: PHONE }, { requireLevel: 1, lookup, caseRule: rule }, asking);
  if (!found.found) throw new Error(found.reason);
  return fittingCase(found.cases, rule, NOW)?.number.value;
}

describe("cases that a FHIR server tells of", () => {
  test("the open one is chosen; of several none, unless the rule's ward, class or facility fits one only", async () => {
    const id = patient("1");
    encounter(id, "F-1", { ...ward("INN1"), serviceProvider: { identifier: { value: "HAUS1" } } });
    expect(await chosen(RULE)).toBe("F-1");
    encounter(id, "F-2", {
      ...ward("CHI2"),
      class: { code: "AMB" },
      serviceProvider: { identifier: { value: "HAUS2" } },
    });
    expect(await chosen(RULE)).toBeUndefined();
    expect(await chosen({ ...RULE, wards: ["CHI2"] })).toBe("F-2");
    expect(await chosen({ ...RULE, classes: ["I"] })).toBe("F-1");
    expect(await chosen({ ...RULE, facilities: ["HAUS2"] })).toBe("F-2");
    expect(await chosen({ ...RULE, wards: ["URO9"] })).toBeUndefined();
  });

  test("a closed one counts for as long as the rule says, and what is said later holds", async () => {
    const id = patient("1");
    const hours = (ago: number) => new Date(NOW - ago * HOUR_MS).toISOString();
    const stay = encounter(id, "F-1", { period: { start: hours(90) } });
    expect(await chosen(RULE)).toBe("F-1");
    kis.chart.add({
      ...(stay as Encounter),
      ...{ status: "finished", period: { start: hours(90), end: hours(10) } },
    });
    expect(await chosen(RULE)).toBeUndefined();
    const after = (afterDischargeMs: number): CaseRule => ({ ...RULE, states: ["open", "closed"], afterDischargeMs });
    expect(await chosen(after(9 * HOUR_MS))).toBeUndefined();
    expect(await chosen(after(11 * HOUR_MS))).toBe("F-1");
  });

  test("parts of a stay, cancelled ones, those without a number and another patient's are none", async () => {
    const id = patient("1");
    encounter(id, "F-1");
    encounter(id, "F-1", { partOf: { reference: "Encounter/x" }, ...ward("INN1") });
    encounter(id, "F-3", { status: "cancelled" });
    encounter(id, "F-4", { status: "entered-in-error" });
    encounter(id, "", { identifier: [] });
    encounter(patient("2", "+4917000000000"), "F-5");
    expect(await chosen(RULE)).toBe("F-1");
  });

  test("an account's number is the case's where the visit has none", async () => {
    const id = patient("1");
    encounter(id, "", { identifier: [], account: [{ identifier: typed("AN", "K-7") }] });
    expect(await chosen(RULE)).toBe("K-7");
  });

  test("no answer to that is no answer: nobody is taken for somebody without a case", async () => {
    encounter(patient("1"), "F-1");
    const client = new FhirClient({ baseUrl: kis.url, timeoutMs: 30_000, connections: 1 });
    try {
      kis.behave([{ on: "search", answer: { status: 503 } }]);
      await expect(casesOf(client, "1", AbortSignal.timeout(120_000))).rejects.toMatchObject({
        code: "DESTINATION_BUSY",
      });
    } finally {
      await client.close();
    }
  });
});
