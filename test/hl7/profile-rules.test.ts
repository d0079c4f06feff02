import { describe, expect, test } from "@jest/globals";
import { encode } from "#src/hl7/encode.ts";
import { parseHl7 } from "#src/hl7/parse.ts";
import type { Content } from "#src/message/content.ts";
import { mapping, message, profiles, SUBJECT } from "../mappings/mdm-fixtures.ts";
import { withProfile } from "#src/channel/hl7-profiles.ts";
import type { Hl7Message } from "#src/hl7/message.ts";

const text: Content = { kind: "text", text: "Hallo" };
const place: Content = { kind: "location", latitude: 48, longitude: 11 };

/** What a channel's rules make of a message; the case as the ADT told it. */
function made(fields: readonly object[], content: Content = text) {
  const found = withProfile({ fields }, profiles);
  if ("issue" in found) throw new Error(found.issue.message);
  const number = { value: "F1", authority: "H", type: "VN" };
  const encounter = { number, class: "I", open: true, location: ["STAT3", "12", "2", "HAUS"] };
  const output = mapping.map(message("t", content), {
    params: mapping.params.parse(found.params),
    subject: { ...SUBJECT, encounter },
    routedAt: "2026-07-01T08:26:09.000Z",
  }) as Hl7Message;
  return parseHl7(
    Buffer.concat(encode(output, { charset: "UNICODE UTF-8" }).pieces.filter((one) => Buffer.isBuffer(one))),
  );
}

describe("a rule of a profile", () => {
  test("holds only under its condition", () => {
    const fields = [
      { field: "TXA-2", value: "TEXT", when: "kind = text" },
      { field: "TXA-2", value: "ORT", when: "kind in location, contacts and case.class = I" },
      { field: "OBX-3", value: "X^Y^L", when: "kind != text" },
    ];
    expect(made(fields).value("TXA", 2)).toBe("TEXT");
    expect(made(fields).value("OBX", 3)).toBe("TEXT");
    expect(made(fields, place).value("TXA", 2)).toBe("ORT");
    expect(made(fields, place).raw("OBX", 3)).toBe("X^Y^L");
  });

  test("holds only where its FHIRPath says so, of the message, its patient and case", () => {
    const fields = [
      {
        field: "TXA-2",
        value: "LANG",
        when: "content.text.length() > 3 and patient.identifiers.where(type = 'PI').exists()",
      },
      { field: "TXA-2", value: "KURZ", when: "content.text.length() <= 3" },
      { field: "ZDO-1", value: "stationär", when: "case.location.first() = 'STAT3' and trigger = 'T02'" },
      { field: "ZDO-2", value: "x", when: "attachments.exists()" },
    ];
    const long = made(fields);
    expect([long.value("TXA", 2), long.value("ZDO", 1), long.value("ZDO", 2)]).toEqual(["LANG", "stationär", ""]);
    expect(made(fields, { kind: "text", text: "ja" }).value("TXA", 2)).toBe("KURZ");
  });

  test.each([
    "content.cards.phones.select(value | type).distinct().exists()",
    "content.cards.phones.where((value | type).where($this != 'x').exists()).count() > 1",
    "content.cards.phones.value.combine(content.cards.phones.value).isDistinct()",
  ])("that would cost without end fails on the message that makes it: %s", (when) => {
    const phones = (count: number) => Array.from({ length: count }, (_, nth) => ({ value: `${nth}`, type: "cell" }));
    const card = { name: "a", emails: [], addresses: [], vcard: "" };
    const render = (count: number) =>
      made([{ field: "TXA-2", value: "x", when }], { kind: "contacts", cards: [{ ...card, phones: phones(count) }] });
    expect(() => render(20)).not.toThrow();
    expect(() => render(100_000)).toThrow(expect.objectContaining({ code: "MAPPING_FAILED" }));
  });

  test("translates by a table", () => {
    const fields = [
      { field: "PV1-2", from: "case.class", map: { I: "S", O: "A" } },
      { field: "TXA-2", from: "message.kind", map: { image: "BILD", "*": "SONST" } },
      { field: "PV1-18", from: "case.class", map: { O: "A" } },
    ];
    const one = made(fields);
    expect([one.value("PV1", 2), one.value("TXA", 2), one.value("PV1", 18)]).toEqual(["S", "SONST", ""]);
  });

  test("adds any segment where the standard has it, or where it says", () => {
    const segments = made([
      { field: "PV2-3", value: "WA" },
      { field: "ORC-1", value: "NW" },
      { field: "OBR-4", value: "DOC" },
      { field: "NTE-3", value: "note" },
      { field: "ZPV-1", value: "x", after: "PV1" },
      { field: "ZDO-1", value: "y" },
      { field: "PD1-4", from: "document.parent" },
    ]).segments;
    expect(segments).toEqual("MSH EVN PID PV1 ZPV PV2 ORC OBR NTE TXA OBX ZDO".split(" "));
  });

  test("writes the ward, and the whole place of the case", () => {
    const one = made([
      { field: "PV1-3", from: "case.location" },
      { field: "ZDO-1", from: "case.ward" },
      { field: "ZDO-2", from: "case.bed" },
    ]);
    expect([one.raw("PV1", 3), one.value("ZDO", 1), one.value("ZDO", 2)]).toEqual(["STAT3^12^2^HAUS", "STAT3", "2"]);
  });

  test("never leaves PID-3 or TXA-12 empty", () => {
    expect(() => made([{ field: "PID-3", from: "patient.identifiers(KH2)" }])).toThrow("PID-3 would be empty");
    expect(() => made([{ field: "TXA-12", from: "document.parent" }])).toThrow("TXA-12 would be empty");
  });

  test.each([
    ["an unknown value", { field: "TXA-2", value: "x", when: "art = Bild" }],
    ["no comparison", { field: "TXA-2", value: "x", when: "kind" }],
    ["no rule but a condition", { field: "TXA-2", when: "kind = text" }],
    ["a segment that is none", { field: "zdo-1", value: "x" }],
  ])("is refused with %s", (_name, rule) => expect(() => made([rule])).toThrow());
});
