import { describe, expect, test } from "@jest/globals";
import { readImport } from "#src/identity/import-file.ts";

const RULES = {
  country: "DE",
  authority: "HAUS",
  timeZone: "Europe/Berlin",
  asOf: "2026-01-01T00:00:00.000Z",
} as const;
const HEAD = "Patientennummer;Nachname;Vorname;Geburtsdatum;Geschlecht;Telefon";

const read = (text: string | Uint8Array) => readImport(typeof text === "string" ? Buffer.from(text) : text, RULES);
const patients = (text: string | Uint8Array) => read(text).updates.map(({ update }) => update.patient);

describe("a file of patients", () => {
  const ERIKA = {
    identifiers: [{ value: "4711", authority: "HAUS", type: "PI" }],
    familyName: "Müßter",
    givenName: "Erika",
    birthDate: "1964-08-12",
    sex: "F",
    phones: { "PID-13": ["4915112345678"] },
  };
  const text = `${HEAD}\r\n4711;Müßter;Erika;12.08.1964;W;0151/12345678\r\n`;

  test.each([
    ["utf-8", Buffer.from(text)],
    ["utf-8", Buffer.from(`\uFEFF${text}`)],
    ["utf-16le", Buffer.from(`\uFEFF${text}`, "utf16le")],
    ["windows-1252", Buffer.from(text, "latin1")],
  ])("in %s is read", (encoding, bytes) => {
    expect(read(bytes)).toMatchObject({ encoding, lines: 1, problems: [] });
    expect(patients(bytes)).toEqual([ERIKA]);
  });

  test.each([
    ["commas and English names", "patient_number,family_name,phone\n1,Doe,+49 151 12345678\n"],
    ["tabs", "PATIENT NUMBER\tName\tHandy\n1\tDoe\t+49 151 12345678\n"],
    ["quoted fields with everything in them", '"patient_number";"name";"mobil"\r"1";"Doe";"+49 151 12345678"\r'],
  ])("with %s is read", (_, written) => {
    expect(patients(written)).toMatchObject([{ familyName: "Doe", phones: { "PID-13": ["4915112345678"] } }]);
  });

  test("may hold separators, quotes and line ends in its quoted fields, and still tells the right line", () => {
    const written = `patient_number;name\n1;"Graf ""von""; \nBeispiel"\n;Niemand\n`;
    expect(patients(written)).toMatchObject([{ familyName: 'Graf "von"; \nBeispiel' }]);
    expect(read(written).problems).toEqual([{ line: 4, column: "patient_number", level: "error", reason: "Empty" }]);
  });

  test("carries cases, and several numbers of a patient", () => {
    const head = "patient_number;phone;phone_2;case_number;case_state;case_class;ward;admitted";
    const [taken] = read(`${head}\n1;0151 12345678;030/1234567;F1;planned;I;INN1;01.02.2026 08:30\n`).updates;
    expect(taken?.update.patient).toMatchObject({ phones: { "PID-13": ["4915112345678", "49301234567"] } });
    expect(taken?.update.case).toMatchObject({
      admittedAt: "2026-02-01T07:30:00.000Z",
      state: { is: "planned", certain: true },
      class: "I",
      location: "INN1",
    });
  });

  test("without a column of numbers leaves numbers alone, with an empty one takes them away", () => {
    expect(patients("patient_number;name\n1;Doe\n")[0]).not.toHaveProperty("phones");
    expect(patients("patient_number;phone\n1;\n")).toMatchObject([{ phones: { "PID-13": [] } }]);
  });
});

describe("what is wrong in it", () => {
  test.each([
    ["4711;A;B;31.02.1964;W;", "Geburtsdatum", "error"],
    ["4711;A;B;12.8.64;W;", "Geburtsdatum", "error"],
    ["4711;A;B;;Z;", "Geschlecht", "error"],
    [";A;B;;W;", "Patientennummer", "error"],
    ["4711;A;B;;W;0151/12345678 Tochter", "Telefon", "remark"],
    ["4711;A;B;;W;1234567", "Telefon", "remark"],
  ])("in %j is told by line and column, as %s", (line, column, level) => {
    const { problems, updates } = read(`${HEAD}\n1;X;Y;;;\n${line}\n`);
    expect(problems).toMatchObject([{ line: 3, column, level }]);
    expect(updates).toHaveLength(level === "error" ? 1 : 2);
  });

  test("is told without any value of the file", () => {
    const { problems } = read(
      `${HEAD}\nGEHEIM;GEHEIM;GEHEIM;GEHEIM;GEHEIM;GEHEIM;GEHEIM\nGEHEIM;a;b;GEHEIM;?;GEHEIM\n`,
    );
    expect(problems.length).toBeGreaterThanOrEqual(4);
    expect(JSON.stringify(problems)).not.toContain("GEHEIM");
  });

  test("is a number that two lines have with two birth dates, and a file without patient numbers", () => {
    expect(read(`${HEAD}\n1;A;B;01.01.1950;W;\n1;A;B;01.01.1951;W;\n`).problems).toMatchObject([
      { line: 3, level: "error" },
    ]);
    expect(read("Name;Telefon\nA;B\n")).toMatchObject({ updates: [], problems: [{ line: 1, level: "error" }] });
    expect(read("")).toMatchObject({ updates: [], problems: [{ line: 1, level: "error" }] });
  });

  test("is found in a large file without a second", () => {
    const line = "4711;Muster;Erika;12.08.1964;W;0151/12345678\n";
    const bytes = Buffer.from(`${HEAD}\n${line.repeat(2_000)}${'"'.repeat(100_000)}`);
    expect(read(bytes).updates.length).toBeGreaterThanOrEqual(2_000);
  });
});
