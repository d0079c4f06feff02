import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { startKisFhir, type KisFhir } from "#src/simulators/kis/fhir.ts";
import { startKisPdq, type KisPdq } from "#src/simulators/kis/pdq.ts";
import type { PatientLookup } from "#src/lookups/lookup.ts";
import { openFhirLookup } from "#src/lookups/fhir/lookup.ts";
import { openPdqLookup } from "#src/lookups/pdq/lookup.ts";
import { resolve } from "#src/identity/resolve.ts";
import type { DirectoryUpdate } from "#src/message/directory.ts";
import { PATIENT, startTestEngine } from "../engine/harness.ts";
import { at, change, createDirectoryHarness, pi } from "./harness.ts";

const PHONE = "4915112345678";
const asking = { signal: AbortSignal.timeout(120_000) };

let harness: Awaited<ReturnType<typeof createDirectoryHarness>>;
let lookup: PatientLookup;
beforeAll(async () => (harness = await createDirectoryHarness()));
afterAll(() => harness.close());
beforeEach(() => harness.clear());
afterEach(() => lookup.close());

const identify = () => resolve(harness.directory, { phone: PHONE }, { requireLevel: 1, lookup }, asking);

describe("by FHIR search", () => {
  let kis: KisFhir;
  beforeEach(async () => {
    kis = await startKisFhir({ host: "127.0.0.1", port: 0 });
    lookup = openFhirLookup({
      baseUrl: kis.url,
      timeoutMs: 5_000,
      connections: 2,
      country: "DE",
      parameter: "phone",
      freshForMs: 60_000,
    });
  });
  afterEach(() => kis.close());

  const add = (number: string, value: string, more: object = {}) =>
    kis.addPatient({
      identifier: [{ system: "urn:oid:1.2.3", value: number, type: { coding: [{ system: V2_0203, code: "PI" }] } }],
      name: [{ family: "Mustermann", given: ["Erika"] }],
      birthDate: "1964-08-12",
      gender: "female",
      telecom: [{ system: "phone", value }],
      ...more,
    });
  const V2_0203 = "http://terminology.hl7.org/CodeSystem/v2-0203";

  test.each([
    "+4915112345678",
    "015112345678",
    "004915112345678",
    "01511 2345678",
    "+49 151 12345678",
    "+49 151 1234 5678",
    "0151 12345678",
    "0151/12345678",
    "0151 / 12345678",
    "0151-12345678",
    "0151 123 45 678",
    "0151 12 34 56 78",
    "(0151) 12345678",
    "+49 (0) 151 12345678",
    "+49 (0)151 1234 5678",
    "+49(0)151/12345678",
    "0049 151 12345678",
    "+49-151-12345678",
  ])("the one patient whose number is written %s is found", async (written) => {
    add("4711", written);
    expect(await identify()).toMatchObject({
      found: true,
      subject: {
        patient: {
          identifiers: [{ value: "4711", authority: "1.2.3", type: "PI" }],
          familyName: "Mustermann",
          givenName: "Erika",
          birthDate: "1964-08-12",
          sex: "F",
          phones: [PHONE],
        },
      },
    });
  });

  test("an answer holds for a while: the KIS is asked once, also about nobody", async () => {
    expect(await identify()).toMatchObject({ found: false, reason: "unknown" });
    const asked = kis.requests.length;
    for (let round = 0; round < 3; round += 1)
      expect(await identify()).toMatchObject({ found: false, reason: "unknown" });
    expect(kis.requests).toHaveLength(asked);
    expect(kis.requests.filter(({ query }) => query !== "")).toEqual([]);
  });

  test("who was told to carry the number by a feed does not, once the KIS says that it is nobody's or another's", async () => {
    const told = (id: string, phones: string[]): DirectoryUpdate => ({
      stamp: at(-1),
      patient: { identifiers: [pi(id)], phones: { "PID-13": phones, "PID-14": ["4930123456"] } },
    });
    await harness.directory.apply(change(told("4712", ["491711234567", PHONE])));
    expect(await identify()).toMatchObject({ found: false, reason: "unknown" });
    const [former] = await harness.directory.byPhone("491711234567");
    expect(former?.patient.phones).toEqual(["491711234567", "4930123456"]);
    await harness.clear();
    add("4711", "+4915112345678");
    await harness.directory.apply(change(told("4712", [PHONE])));
    expect(await identify()).toMatchObject({ found: true, subject: { patient: { identifiers: [{ value: "4711" }] } } });
  });

  test("a server that ignores what it is asked for identifies nobody", async () => {
    add("4711", "+4915112345678");
    kis.acquire({ ignoresSearch: "openly", noPostSearch: 405 });
    await expect(identify()).rejects.toMatchObject({ code: "SEARCH_UNRELIABLE", class: "transient" });
  });

  test("several patients are ambiguous", async () => {
    add("4711", "+4915112345678");
    add("4712", "015112345678");
    expect(await identify()).toMatchObject({ found: false, reason: "ambiguous" });
  });

  test("a patient that was replaced leads to the one that replaced it; an inactive one to nobody", async () => {
    const survivor = add("4711", "030 1234567");
    add("4712", "+4915112345678", {
      active: false,
      link: [{ type: "replaced-by", other: { reference: `Patient/${survivor.id ?? ""}` } }],
    });
    expect(await identify()).toMatchObject({ found: true, subject: { patient: { identifiers: [{ value: "4711" }] } } });
    await harness.clear();
    add("4713", "+4915112345678", { active: false });
    expect(await identify()).toMatchObject({ found: true, subject: { patient: { identifiers: [{ value: "4711" }] } } });
  });

  test("two who have one private insurance and one telephone are two", async () => {
    const type = { coding: [{ system: "http://fhir.de/CodeSystem/identifier-type-de-basis", code: "PKV" }] };
    const own = (value: string) => ({
      system: "urn:oid:1.2.3",
      value,
      type: { coding: [{ system: V2_0203, code: "MR" }] },
    });
    for (const number of ["4711", "4712"]) add("", PHONE, { identifier: [own(number), { value: "1234567890", type }] });
    expect(await identify()).toMatchObject({ found: false, reason: "ambiguous" });
  });

  test("a number that was given up, or is a relative's, is nobody's", async () => {
    add("4711", "", { telecom: [{ system: "phone", value: "+4915112345678", use: "old" }] });
    add("4712", "", { contact: [{ telecom: [{ system: "phone", value: "+4915112345678" }] }], telecom: [] });
    expect(await identify()).toMatchObject({ found: false, reason: "unknown" });
  });

  test("without an answer nobody is identified, not even from what was known before", async () => {
    add("4711", "+4915112345678");
    await lookup.close();
    lookup = openFhirLookup({
      baseUrl: kis.url,
      timeoutMs: 5_000,
      connections: 2,
      country: "DE",
      parameter: "phone",
      freshForMs: 0,
    });
    expect((await identify()).found).toBe(true);
    await kis.close();
    await expect(identify()).rejects.toMatchObject({ class: "transient" });
    kis = await startKisFhir({ host: "127.0.0.1", port: kis.port });
    expect(await identify()).toMatchObject({ found: false, reason: "unknown" });
  });
});

describe("by PDQ", () => {
  let kis: KisPdq;
  beforeEach(async () => {
    kis = await startKisPdq({ host: "127.0.0.1", port: 0 });
    lookup = openPdqLookup({
      host: "127.0.0.1",
      port: kis.port,
      connectTimeoutMs: 1_000,
      answerTimeoutMs: 300,
      country: "DE",
      header: ["BOTENSTOFF", "", "KIS", ""],
      queryName: "IHE PDQ Query",
      field: "@PID.13.1",
      defaultAuthority: "HAUS",
      freshForMs: 60_000,
    });
  });
  afterEach(() => kis.close());

  const add = (id: string, number: string, own = number) =>
    kis.patients.push({ number, pid: `PID|1||${id}^^^^PI||Müller^Erika^^^^^L||19640812|F|||||${own}` });

  test("the one patient who carries the number is found, however it is written", async () => {
    add("4711", "015112345678");
    expect(await identify()).toMatchObject({
      found: true,
      subject: {
        patient: {
          identifiers: [{ value: "4711", authority: "HAUS", type: "PI" }],
          familyName: "Müller",
          birthDate: "1964-08-12",
          phones: [PHONE],
        },
      },
    });
    expect(kis.queries).toContain("015112345678");
  });

  test("nobody is unknown, several are ambiguous", async () => {
    expect(await identify()).toMatchObject({ found: false, reason: "unknown" });
    await harness.clear();
    add("4711", "015112345678");
    add("4712", "+4915112345678");
    expect(await identify()).toMatchObject({ found: false, reason: "ambiguous" });
  });

  test("a supplier that ignores what it was asked for identifies nobody", async () => {
    add("4711", "030 1234567");
    kis.behave("everybody");
    expect(await identify()).toMatchObject({ found: false, reason: "unknown" });
  });

  test.each([
    ["silence", "DESTINATION_NO_ANSWER"],
    ["AE", "DESTINATION_BUSY"],
    ["more-than-asked-for", "DESTINATION_REFUSED"],
  ] as const)("after %s nobody is identified: %s", async (behaviour, code) => {
    add("4711", "015112345678");
    kis.behave(behaviour);
    await expect(identify()).rejects.toMatchObject({ code });
  });
});

test("in a channel without a feed messages wait for the KIS, are held when that takes too long, and are filed when it answers", async () => {
  const channels = await mkdtemp(join(tmpdir(), "botenstoff-channels-"));
  const kis = await startKisPdq({ host: "127.0.0.1", port: 0 });
  lookup = { freshForMs: 0, find: () => Promise.resolve([]), close: () => Promise.resolve() };
  try {
    await cp("channels/examples", join(channels, "examples"), { recursive: true });
    const yaml = await readFile("channels/whatsapp-to-kis.yaml", "utf8");
    const asking = `identity: { require_level: 1, lookup: { type: pdq, host: 127.0.0.1, port: ${kis.port}, answer_timeout_secs: 0.2, patience_secs: 1, default_authority: "1.2.276.0.76.4.1" } }`;
    await writeFile(join(channels, "whatsapp-to-kis.yaml"), yaml.replace(/^identity: .*$/m, asking));
    const engine = await startTestEngine({ channels });
    try {
      engine.world.fhir.addPatient({ identifier: [{ value: PATIENT.number, system: "urn:oid:1.2.276.0.76.4.1" }] });
      kis.patients.push({
        number: "015112345678",
        pid: `PID|1||${PATIENT.number}^^^^PI||Mustermann^Erika||||||||015112345678`,
      });
      kis.behave("silence");
      const sent = await engine.text("wer bin ich?");
      const held = await engine.until(sent, "held");
      expect(held.reason).toBe("unasked");
      expect(held.last_error).toMatch(/^LOOKUP_UNANSWERED: .*DESTINATION_NO_ANSWER/);
      kis.behave("answer");
      const later = await engine.text("und jetzt?");
      await engine.until(later, "filed");
      const { history } = await engine.until(sent, "filed");
      const documents = [...engine.world.mllp.documents.values()];
      expect(documents.map(({ patient }) => patient)).toEqual([PATIENT.number, PATIENT.number]);
      expect(history?.map(({ state }) => state)).toEqual(["received", "held", "received", "routed", "filed"]);
    } finally {
      await engine.close();
    }
  } finally {
    await kis.close();
    await rm(channels, { recursive: true });
  }
});
