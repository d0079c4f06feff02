import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { DirectoryUpdate } from "#src/message/directory.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { example, mapped } from "./harness.ts";

const adt = (trigger: string, ...segments: string[]) =>
  [`MSH|^~\\&|KIS|HAUS|||20260101080000+0100||ADT^${trigger}|1|P|2.5`, `EVN||20260101080000+0100`, ...segments].join(
    "\r",
  );

function only(text: string, params: object = {}): DirectoryUpdate {
  const change = mapped(text, "2026-01-01T12:00:00.000Z", params);
  if (change.type !== "update" || !change.updates[0]) throw new Error("no update");
  return change.updates[0];
}
const phones = (pid13: string, params: object = {}) =>
  only(adt("A31", `PID|||1^^^HAUS^PI||||||||||${pid13}`), params).patient.phones?.["PID-13"];

test.each([
  ["the German profile", "^PRN^PH^^49^40^7654321^^^^^040/7654321", ["49407654321"]],
  ["a Durchwahl", "^WPN^PH^^49^30^4500^7", ["493045007"]],
  ["zeros that do not belong there", "^PRN^CP^^0049^0171^1234567", ["491711234567"]],
  ["no country", "^PRN^CP^^^171^1234567", ["491711234567"]],
  ["the unformatted form", "^PRN^CP^^^^^^^^^+49 173 8765432", ["491738765432"]],
  ["free text alone", "0171/1234567", ["491711234567"]],
  ["free text in the wrong component", "^^PH^^^^03581-7654321 Büro", ["4935817654321"]],
  ["an Austrian number", "+436641234567^PRN^CP", ["436641234567"]],
  ["00 for +", "0043 664 1234567", ["436641234567"]],
  ["the country code without +", "491711234567^PRN^CP", ["491711234567"]],
  ["(0) in the middle", "+49 (0)171 1234567", ["491711234567"]],
  ["two in one field", "0171 1234567 / 030 7654321", ["491711234567", "49307654321"]],
  ["repetitions", "0351/54321-0~^NET^Internet^a@example.org~0351/65432109^^CP", ["49351543210", "4935165432109"]],
  ["a number that may lack its area code", "08031649^PRN^PH~7654321^PRN^PH", ["498031649"]],
  ["a fax", "^PRN^FX^^49^40^7654321", []],
  ["an emergency contact", "^EMR^CP^^49^171^1234567", []],
  ["a pager", "^BPN^BP^^49^171^1234567", []],
  ["a relative in the text", "0171/1234567 (Tochter)", []],
  ["a relative beside the parts", "0171/1234567 (Tochter)^PRN^CP^^49^171^1234567", []],
  ["a relative in one of the parts", "^PRN^CP^^49^171^1234567 Tochter", []],
  ["a relative in the unformatted form", "^PRN^CP^^49^171^1234567^^^^^0171/1234567 Tochter", []],
  ["the marks of HL7 beside the parts", "(030)1234567X12B3^PRN^PH^^49^30^1234567^12", ["4930123456712"]],
  ["a relative in the remark", "^PRN^CP^^49^171^1234567^^Ehemann", []],
  ["an explicit null", '""', []],
  ["codes without a number", "^PRN^CP", undefined],
  ["an e-mail address alone", "^NET^Internet^a@example.org", undefined],
  ["nothing", "", undefined],
])("a telephone field with %s", (_, field, expected) => {
  expect(phones(field)).toEqual(expected);
});

test("a channel for another country completes its numbers", () => {
  expect(phones("0664 1234567", { country: "AT" })).toEqual(["436641234567"]);
  expect(phones("^PRN^PH^^^303^5551212^12", { country: "US" })).toEqual(["13035551212"]);
});

test("next of kin and guarantor are nobody's numbers", () => {
  const update = only(adt("A31", "PID|||1^^^HAUS^PI", "NK1|1|A^B|SPO||0171 1234567", "GT1|1||A^B||||0171 1234567"));
  expect(update.patient.phones).toBeUndefined();
});

test("an authority's short name is completed as the channel says", () => {
  const { patient } = only(adt("A31", "PID|||1^^^HAUS^PI~2"), {
    authorities: { HAUS: "1.2.3" },
    default_authority: "1.2.4",
  });
  expect(patient.identifiers).toEqual([
    { value: "1", authority: "1.2.3", type: "PI" },
    { value: "2", authority: "1.2.4", type: "" },
  ]);
});

test("the stamp is EVN-2, then MSH-7, then the receipt; a clock a day ahead is not believed", () => {
  const stamp = (evn: string, msh: string) =>
    only(`MSH|^~\\&|K|H|||${msh}||ADT^A31|1|P|2.5\rEVN||${evn}\rPID|||1^^^H^PI`).stamp.split("|")[0];
  expect(stamp("20260101080000.25+0100", "20260101090000")).toBe("2026-01-01T07:00:00.250Z");
  expect(stamp("", "20260101090000")).toBe("2026-01-01T08:00:00.000Z");
  expect(stamp("", "")).toBe("2026-01-01T12:00:00.000Z");
  expect(stamp("20990101080000", "")).toBe("2026-01-01T12:00:00.000Z");
});

test.each([
  ["A31", "PID|||5^^^HAUS^AN", "PID-3 names no person"],
  ["A31", "PID|||5^^^HAUS^AN~F-1^^^HAUS^VN", "PID-3 names no person"],
  ["A40", "PID|||1^^^HAUS^PI\rMRG|1^^^HAUS^PI", "MRG-1 is the patient of PID-3"],
  ["A40", "PID|||1^^^HAUS^PI\rMRG|1", "MRG-1 is the patient of PID-3"],
  ["A47", "PID|||1^^^HAUS^PI~2^^^HAUS^MR\rMRG|1^^^HAUS^PI~2^^^HAUS^MR", "MRG-1 is the patient of PID-3"],
])("an %s that says what cannot be is refused with the cause: %s", (trigger, segments, cause) => {
  const attempt = () => mapped(adt(trigger, segments));
  expect(attempt).toThrow(cause);
  expect(attempt).toThrow(expect.objectContaining({ code: "HL7_FIELD_UNUSABLE" }));
});

test.each([
  ["A31", "PID|||^^^HAUS^PI", "PID-3"],
  ["A40", "PID|||1^^^HAUS^PI\rMRG|", "MRG-1"],
  ["A40", "PID|||1^^^HAUS^PI", "MRG-1"],
  ["A42", "PID|||1^^^HAUS^PI\rMRG|1^^^HAUS^PI\rPV1|1|I", "MRG-5"],
  ["A41", "PID|||1^^^HAUS^PI\rMRG|1^^^HAUS^PI", "MRG-3"],
])("an %s that lacks what it is about is refused with the place: %s", (trigger, segments, place) => {
  const attempt = () => mapped(adt(trigger, ...segments.split("\r")));
  expect(attempt).toThrow(expect.objectContaining({ code: "HL7_FIELD_MISSING" }));
  expect(attempt).toThrow(place);
});

test("a retired number without authority and type is the hospital's, also beside an insurance number", () => {
  const merged = only(adt("A40", "PID|||1^^^HAUS^PI~A1^^^GKV^NH", "MRG|2"));
  expect(merged.retired).toEqual([{ value: "2", authority: "HAUS", type: "PI" }]);
});

test("a trigger that changes nothing here is named, one of nobody's is not quoted", () => {
  expect(mapped(adt("A60", "PID|||1"))).toEqual({ type: "ignore", reason: "trigger A60 changes nothing here" });
  expect(mapped(adt("Meier", "PID|||1"))).toEqual({ type: "ignore", reason: "trigger unknown changes nothing here" });
});

test("the same message maps to the same change", () => {
  expect(mapped(example("a45-visits-moved-by-pv1-alone"))).toEqual(mapped(example("a45-visits-moved-by-pv1-alone")));
});

/** Samples that are refused, and why: each lacks what the standard requires of its trigger. */
const REFUSED: Readonly<Record<string, string>> = {
  // A merge of accounts that names no account to merge.
  "microsoft-FHIR-Converter/ADT-A41-02.hl7": "HL7_FIELD_MISSING: mapping adt-to-directory: MRG-3 is missing",
};

const corpus = process.env["CORPUS_DIR"] ? join(process.env["CORPUS_DIR"], "hl7v2") : "";
(existsSync(corpus) ? describe : describe.skip)("the corpus (CORPUS_DIR)", () => {
  const files = existsSync(corpus)
    ? readdirSync(corpus, { recursive: true, encoding: "utf8" }).filter((file) => statSync(join(corpus, file)).isFile())
    : [];
  const samples = files
    .map((file) => ({ file, text: readFileSync(join(corpus, file), "utf8").replaceAll(/\r?\n/g, "\r") }))
    .filter(({ text }) => /^MSH[^\r]*ADT\^/.test(text));

  test("holds ADT samples", () => expect(samples.length).toBeGreaterThan(40));

  test.each(samples)("$file is taken, or refused for a reason we know", ({ file, text }) => {
    try {
      expect(["update", "ignore"]).toContain(mapped(text).type);
      expect(REFUSED[file]).toBeUndefined();
    } catch (error) {
      if (!(error instanceof BotenstoffError)) throw error;
      expect([file, `${error.code}: ${error.message}`]).toEqual([file, REFUSED[file]]);
    }
  });
});
