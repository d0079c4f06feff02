import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import adt from "#mappings/adt-to-directory/index.ts";
import type { DirectoryUpdate } from "#src/message/directory.ts";
import { PHONE_WORDS } from "#src/message/phone-words.ts";
import { message } from "../mappings/mdm-fixtures.ts";

const shipped = (parse(readFileSync("config/phone-words.yaml", "utf8")) as { words: string[] }).words;

function read(xtn: string, words?: readonly string[]): DirectoryUpdate | undefined {
  const text = `MSH|^~\\&|K|H|||20260101||ADT^A31|1|P|2.5\rPID|1||7^^^H^PI||||||||||${xtn}`;
  const params = adt.params.parse(words ? { phone_words: words } : {});
  const change = adt.map(message("a", { kind: "hl7", text, trigger: "ADT^A31" }), { params, routedAt: "" });
  return change.type === "update" ? change.updates[0] : undefined;
}

test("the shipped list is the engine's own", () => expect(new Set(shipped)).toEqual(PHONE_WORDS));

describe("a number beside words that name nobody is the patient's", () => {
  test.each([
    "0171/7019000 tagsüber",
    "0171/7019000 (abends)",
    "0171/7019000 dienstl.",
    "neu: 0171/7019000",
    "mob. 0171/7019000",
    "D1 0171/7019000",
    "D2-Netz 0171/7019000",
    "E1: 0171/7019000",
    "O2 0171/7019000",
    "Patient 0171/7019000",
    "Patientin: 0171/7019000",
    "0171/7019000 WhatsApp",
    "Handynr. 0171/7019000",
    "0171 7019000 nur abends erreichbar",
    "^^CP^0171/7019000",
    "^PRN^CP^^^^^^tagsüber^^^0171/7019000",
  ])("%s", (xtn) => {
    expect(read(xtn)).toMatchObject({ patient: { phones: { "PID-13": ["491717019000"] } } });
    expect(read(xtn)?.remarks).toBeUndefined();
  });
});

describe("a number that may be somebody else's, or is not complete, is not used, and told with its reason", () => {
  test.each([
    ["0171/7019000 Tochter", "word"],
    ["0171/7019000 Frau Meier", "word"],
    ["0171/7019000 alt", "word"],
    ["0171/7019000 nicht mehr gültig", "word"],
    ["Betreuer 0171/7019000", "word"],
    ["^^CP^0171/7019000 Sohn", "word"],
    ["^PRN^PH^^49^171^7019000^^Nachbarin", "word"],
    ["123456", "incomplete"],
    ["7019000", "incomplete"],
    ["0151 / 12345678", "incomplete"],
  ])("%s: %s", (xtn, reason) => {
    expect(read(xtn)).toMatchObject({ patient: { phones: { "PID-13": [] } }, remarks: [{ place: "PID-13", reason }] });
  });

  test.each(["a@example.org^NET", "^NET^Internet^a.b1@example.org", "0171/7019000^^FX", "^PRN^CP"])(
    "not so %s",
    (xtn) => {
      expect(read(xtn)?.remarks).toBeUndefined();
    },
  );
});

test("a hospital's own words are trusted, and only they", () => {
  const own = ["rufbereit"];
  expect(read("0171/7019000 rufbereit", own)).toMatchObject({ patient: { phones: { "PID-13": ["491717019000"] } } });
  expect(read("0171/7019000 privat", own)?.remarks).toEqual([{ place: "PID-13", reason: "word" }]);
});
