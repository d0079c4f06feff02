import { describe, expect, it, test } from "@jest/globals";
import { encode } from "#src/hl7/encode.ts";
import type { Segment } from "#src/hl7/message.ts";
import { applyOverrides, override, type Override, type ValueOf } from "#src/hl7/override.ts";

const SEGMENTS: readonly Segment[] = [
  { name: "MSH", fields: ["BOTENSTOFF", "", "KIS"] },
  {
    name: "PID",
    fields: [
      "1",
      "",
      {
        repeat: [
          ["4711", "", "", "A", "PI"],
          ["9", "", "", "B", "MR"],
        ],
      },
      "",
      ["Müller-Lüdenscheidt", "Erika"],
    ],
  },
  { name: "OBX", fields: ["1", "TX", ["TEXT", "Text", "L"]] },
  { name: "OBX", fields: ["2", "ED", ["IMAGE", "Image", "L"]] },
];
const valueOf: ValueOf = (name, type, authority) =>
  ({ "patient.identifier": type === "PI" ? "4711" : "", "document.id": `${name} ${type} ${authority}` })[
    name as string
  ] ?? "";

/** The segments after the rules, as lines. */
function lines(rules: Override[], trigger: "T01" | "T02" = "T02"): string[] {
  const segments = applyOverrides(SEGMENTS, rules, trigger, valueOf);
  const { pieces } = encode({ segments }, { charset: "UNICODE UTF-8" });
  return Buffer.concat(pieces.filter((piece) => Buffer.isBuffer(piece)))
    .toString()
    .split("\r");
}

describe("a field rule", () => {
  it("writes a constant in HL7 notation", () => {
    expect(lines([{ field: "MSH-12", value: "2.5^DEU&&HL70399" }])[0]).toBe(
      "MSH|^~\\&|BOTENSTOFF||KIS|||||||2.5^DEU&&HL70399",
    );
    expect(lines([{ field: "PID-2", value: "a~b" }])[1]).toMatch(/^PID\|1\|a~b\|/);
  });

  it("writes a value of the message, padded with zeros", () => {
    expect(lines([{ field: "PID-2", from: "patient.identifier(PI)", pad: 10 }])[1]).toMatch(/^PID\|1\|0000004711\|/);
  });

  it("leaves an empty value empty, however it is padded, and refuses it where one is required", () => {
    expect(lines([{ field: "PID-2", from: "patient.identifier(SS)", pad: 10 }])[1]).toMatch(/^PID\|1\|\|/);
    expect(() => lines([{ field: "PID-2", from: "patient.identifier(SS)", required: true }])).toThrow("requires PID-2");
  });

  it("cuts every part of a value by characters, not by halves of them", () => {
    expect(lines([{ field: "PID-5", max: 6 }])[1]).toMatch(/\|Müller\^Erika$/);
    expect(
      lines([
        { field: "PID-2", value: "😟😟😟" },
        { field: "PID-2", max: 2 },
      ])[1],
    ).toMatch(/^PID\|1\|😟😟\|/);
  });

  it("changes one component and keeps the others, in the first repetition", () => {
    expect(lines([{ field: "PID-3.4", value: "&1.2.3&ISO" }])[1]).toMatch(
      /\|4711\^\^\^&1\.2\.3&ISO\^PI~9\^\^\^B\^MR\|/,
    );
    expect(lines([{ field: "MSH-3.2", value: "X" }])[0]).toMatch(/\|BOTENSTOFF\^X\|/);
  });

  it("empties a field", () => {
    expect(lines([{ field: "PID-5", empty: true }])[1]).toBe("PID|1||4711^^^A^PI~9^^^B^MR");
  });

  it("concerns every segment of its name, and adds a Z segment at the end", () => {
    const made = lines([
      { field: "OBX-3.3", value: "99KIS" },
      { field: "ZCL-2", from: "document.id" },
    ]);
    expect(made.slice(2, 5)).toEqual([
      "OBX|1|TX|TEXT^Text^99KIS",
      "OBX|2|ED|IMAGE^Image^99KIS",
      "ZCL||document.id undefined undefined",
    ]);
  });

  it("applies only to the events it names, and a later rule wins", () => {
    const rules: Override[] = [
      { field: "PID-8", value: "a" },
      { field: "PID-8", value: "b", on: ["T01"] },
    ];
    expect(lines(rules, "T01")[1]).toMatch(/\|b$/);
    expect(lines(rules, "T02")[1]).toMatch(/\|a$/);
  });

  it("escapes what a value brings, and nothing else", () => {
    expect(lines([{ field: "PID-8", value: "a\\F\\b" }])[1]).toMatch(/\|a\\F\\b$/);
  });
});

describe("a rule that cannot be meant", () => {
  test.each([
    [{ field: "PID2", value: "x" }, "Expected a field or component"],
    [{ field: "PID-0", value: "x" }, "Expected a field or component"],
    [{ field: "nk1-2", value: "x" }, "Expected a field or component"],
    [{ field: "MSH-10", value: "x" }, "The engine writes this field itself"],
    [{ field: "MSH-9.2", value: "T06" }, "The engine writes this field itself"],
    [{ field: "OBX-5", empty: true }, "The engine writes this field itself"],
    [{ field: "PID-3.4", value: "a^b" }, "A component's value holds no ^ or ~"],
    [{ field: "PID-2" }, "Expected a rule"],
    [{ field: "PID-2", on: ["T01"] }, "Expected a rule"],
    [{ field: "PID-2", value: "x", from: "trigger" }, "Expected at most one of value, from, empty"],
    [{ field: "PID-2", from: "patient.shoe_size" }, "Unknown value; expected one of case.bed, case.class"],
    [{ field: "PID-2", from: "trigger(PI)" }, "Only patient.identifier(s) takes arguments"],
    [{ field: "PID-2", value: "x", if: "T01" }, "Unrecognized key"],
  ])("%j is refused: %s", (rule, message) => {
    expect(
      override
        .safeParse(rule)
        .error?.issues.map((issue) => issue.message)
        .join("; "),
    ).toContain(message);
  });
});
