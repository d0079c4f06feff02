import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { startKisFhir, type KisFhir } from "#src/simulators/kis/fhir.ts";
import { findPatient } from "#src/destinations/fhir/patient.ts";
import { isSameIdentifier } from "#src/destinations/fhir/same-identifier.ts";
import { FhirClient } from "#src/wire/fhir/client.ts";

const KIND = "http://terminology.hl7.org/CodeSystem/v2-0203";
const GERMAN_KIND = "http://fhir.de/CodeSystem/identifier-type-de-basis";
const NEVER = new AbortController().signal;

const ofKind = (system: string, code: string) => ({ type: { coding: [{ system, code }] } });

describe("the patient of an authority without a URI", () => {
  const key = { value: "79471", type: "PI" };
  let kis: KisFhir;
  let client: FhirClient;
  beforeEach(async () => {
    kis = await startKisFhir({ host: "127.0.0.1", port: 0 });
    client = new FhirClient({ baseUrl: `http://127.0.0.1:${kis.port}/fhir`, timeoutMs: 5_000, connections: 1 });
  });
  afterEach(async () => {
    await client.close();
    await kis.close();
  });

  it.each([
    ["an insurer's number", { system: "http://fhir.de/sid/gkv/kvid-10", value: "79471" }],
    ["an insurance number by its type", { value: "79471", ...ofKind(GERMAN_KIND, "PKV") }],
    ["a passport's number", { system: "urn:oid:2.16.1", value: "79471", ...ofKind(KIND, "PPN") }],
  ])("is nobody whose only such value is %s (I3)", async (_what, identifier) => {
    kis.addPatient({ identifier: [identifier] });
    expect(await findPatient(client, key, NEVER)).toBeUndefined();
    expect(isSameIdentifier(identifier, key)).toBe(false);
  });

  it.each([
    ["a number of the hospital's, under either name", { system: "urn:oid:1.2", value: "79471", ...ofKind(KIND, "MR") }],
    ["a number of no type", { system: "urn:oid:1.2", value: "79471" }],
  ])("is found by %s", async (_what, identifier) => {
    kis.addPatient({ identifier: [{ system: "http://fhir.de/sid/gkv/kvid-10", value: "79471" }] });
    const { id } = kis.addPatient({ identifier: [identifier] });
    expect(await findPatient(client, key, NEVER)).toBe(`Patient/${id}`);
  });
});

describe("the patient of an authority with a URI", () => {
  it("is the same under that system only, whatever the type", () => {
    const key = { value: "79471", system: "urn:oid:1.2" };
    expect(isSameIdentifier({ ...key, ...ofKind(KIND, "XX") }, key)).toBe(true);
    expect(isSameIdentifier({ ...key, system: "urn:oid:1.3" }, key)).toBe(false);
    expect(isSameIdentifier({ value: "79471" }, key)).toBe(true);
  });
});
