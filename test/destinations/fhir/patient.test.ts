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

describe("the patient at a server that searches as it likes", () => {
  const system = "urn:oid:1.2.276.0.76.4.1";
  const key = { value: "79471", system };
  let kis: KisFhir;
  let client: FhirClient;
  beforeEach(async () => {
    kis = await startKisFhir({ host: "127.0.0.1", port: 0 });
    client = new FhirClient({ baseUrl: kis.url, timeoutMs: 5_000, connections: 1 });
  });
  afterEach(async () => {
    await client.close();
    await kis.close();
  });
  const add = (value: string, more: object = {}) => kis.addPatient({ identifier: [{ system, value }], ...more });
  const found = () => findPatient(client, key, NEVER);

  it.each(["openly", "silently"] as const)(
    "is nobody where the identifier is ignored %s and a stranger comes back (I3)",
    async (ignoresSearch) => {
      add("1");
      kis.acquire({ ignoresSearch });
      await expect(found()).rejects.toMatchObject({ code: "SEARCH_UNRELIABLE", class: "transient" });
    },
  );

  it("is not believed beside strangers, nor among everybody", async () => {
    add("79471");
    add("1");
    kis.acquire({ ignoresSearch: "silently" });
    await expect(found()).rejects.toMatchObject({ code: "SEARCH_UNRELIABLE" });
  });

  it("is nobody who has the number under another system, or under none", async () => {
    kis.addPatient({ identifier: [{ system: "urn:oid:9.9", value: "79471" }] });
    kis.addPatient({ identifier: [{ value: "79471" }] });
    kis.acquire({ ignoresSearch: "silently" });
    expect(await found()).toBeUndefined();
  });

  it("is not believed where the answer's self link lost the identifier", async () => {
    const { id } = add("79471");
    kis.acquire({ noPostSearch: 404 });
    expect(await found()).toBe(`Patient/${id}`);
    kis.acquire({ ignoresSearch: "openly", noPostSearch: 404 });
    await expect(found()).rejects.toMatchObject({ code: "SEARCH_UNRELIABLE" });
  });

  it("is searched for by POST, and its number stands in no address", async () => {
    add("79471");
    await found();
    expect(kis.requests).toEqual([{ method: "POST", path: "/fhir/Patient/_search", query: "" }]);
  });

  it.each([404, 405, 415, 501])(
    "is searched for by GET from then on where POST is answered %i",
    async (noPostSearch) => {
      const { id } = add("79471");
      kis.acquire({ noPostSearch });
      for (let round = 0; round < 2; round += 1) expect(await found()).toBe(`Patient/${id}`);
      expect(kis.requests.map(({ method }) => method)).toEqual(["POST", "GET", "GET"]);
    },
  );

  it.each([400, 403, 422])("is not known to be nobody where the search is refused with %i", async (noSearch) => {
    add("79471");
    kis.acquire({ noSearch });
    await expect(found()).rejects.toMatchObject({ class: "transient" });
  });

  it("is the one a merge at the server left, before the A40 is here", async () => {
    const survivor = kis.addPatient({
      identifier: [
        { system, value: "80000" },
        { system, value: "79471", use: "old" },
      ],
    });
    const between = add("79472", { link: [{ type: "replaced-by", other: { reference: `Patient/${survivor.id}` } }] });
    add("79471", { active: false, link: [{ type: "replaced-by", other: { reference: `Patient/${between.id}` } }] });
    expect(await found()).toBe(`Patient/${survivor.id}`);
  });

  it.each([
    ["in a circle", "a"],
    ["nowhere", "gone"],
    ["to another server", "http://elsewhere/fhir/Patient/a"],
  ])("is left to a person where the merges lead %s", async (_what, target) => {
    const reference = target.includes("/") ? target : `Patient/${target}`;
    add("79471", { id: "a", link: [{ type: "replaced-by", other: { reference } }] });
    await expect(found()).rejects.toMatchObject({ code: "PATIENT_AMBIGUOUS_AT_DESTINATION" });
  });
});
