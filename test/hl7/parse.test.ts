import { expect, test } from "@jest/globals";
import { parseHl7, parseHl7Text } from "#src/hl7/parse.ts";

const HEADER = "MSH|^~\\&|KIS|HOSPITAL|||20260101||ADT^A01^ADT_A01|1|P|2.5.1";

test.each([
  ["CR", "\r"],
  ["LF", "\n"],
  ["CRLF", "\r\n"],
])("reads segments that end with %s, the last one without", (_name, end) => {
  const message = parseHl7(Buffer.from([HEADER, "PID|1||7~8&x^^^A", "", "PV1|1|I"].join(end)));
  expect(message.segments).toEqual(["MSH", "PID", "PV1"]);
  expect(message.value("PV1", 2)).toBe("I");
  expect(message.repetitions("PID", 3)).toEqual([[["7"]], [["8", "x"], [""], [""], ["A"]]]);
});

test("an LF inside a field does not cut its segment in two where segments end with CR", () => {
  const address = "Haus 1\nHof^^Berlin||^PRN^PH^^49^171^1";
  const message = parseHl7(Buffer.from(`${HEADER}\rPID|1||7||A^B|||M|||${address}\rPV1|1|I\n`));
  expect(message.segments).toEqual(["MSH", "PID", "PV1"]);
  expect(message.value("PID", 11)).toBe("Haus 1\nHof");
  expect(message.value("PID", 13, 7)).toBe("1");
  expect(message.value("PV1", 2)).toBe("I");
});

test("reads segments whose ends are of several kinds", () => {
  const message = parseHl7(Buffer.from(`${HEADER}\rPID|1||7\nNK1|1|x\r\n\nPV1|1|I`));
  expect(message.segments).toEqual(["MSH", "PID", "NK1", "PV1"]);
});

test("counts the fields of MSH as the standard does", () => {
  const message = parseHl7(Buffer.from(HEADER));
  expect([1, 3, 9, 10, 12].map((field) => message.value("MSH", field))).toEqual(["|", "KIS", "ADT", "1", "2.5.1"]);
  expect(message.raw("MSH", 2)).toBe("^~\\&");
  expect(message.value("MSH", 9, 2)).toBe("A01");
});

test("reads the delimiters a message declares", () => {
  const message = parseHl7(Buffer.from("MSH#*@!%#KIS\rPID#1#a*b%c@d#x!F!y!T!z"));
  expect(message.repetitions("PID", 2)).toEqual([[["a"], ["b", "c"]], [["d"]]]);
  expect(message.value("PID", 3)).toBe("x#y%z");
});

test("tells a deleted value from one that is not valued", () => {
  const message = parseHl7(Buffer.from(`${HEADER}\rPID|1||""||`));
  expect(message.value("PID", 3)).toBe('""');
  expect(message.value("PID", 5)).toBe("");
  expect(message.value("PID", 30)).toBe("");
  expect(message.value("NK1", 1)).toBe("");
});

test("finds the n-th segment of a name", () => {
  const message = parseHl7(Buffer.from(`${HEADER}\rOBX|1\rNTE|x\rOBX|2`));
  expect([0, 1, 2].map((nth) => message.value("OBX", 1, 1, nth))).toEqual(["1", "2", ""]);
});

test.each([
  ["UNICODE UTF-8", "utf8"],
  ["8859/1", "latin1"],
  ["8859/1~UNICODE UTF-8", "latin1"],
] as const)("reads bytes as MSH-18 %s says", (charset, encoding) => {
  const message = parseHl7(Buffer.from(`${HEADER}||||||${charset}\rPID|||||Müller`, encoding));
  expect(message.value("PID", 5)).toBe("Müller");
});

test("reads bytes by override where MSH-18 says it wrong, and by their look where it says nothing usable", () => {
  const says = (charset: string, encoding: "utf8" | "latin1") =>
    Buffer.from(`${HEADER}||||||${charset}\rPID|||||Müller`, encoding);
  expect(parseHl7(says("UNICODE UTF-8", "latin1"), "8859/1").value("PID", 5)).toBe("Müller");
  for (const charset of ["", "ASCII", "KLINGON"]) {
    expect(parseHl7(says(charset, "utf8")).value("PID", 5)).toBe("Müller");
    expect(parseHl7(says(charset, "latin1")).value("PID", 5)).toBe("Müller");
  }
});

test("a byte order mark in front says UTF-8 and is no part of the message", () => {
  const message = parseHl7(Buffer.from(`\uFEFF${HEADER}||||||8859/1\rPID|||||Müller`));
  expect(message.value("PID", 5)).toBe("Müller");
  expect(parseHl7Text(message.text).segments).toEqual(["MSH", "PID"]);
});

test("text that was decoded before is not decoded again", () => {
  const message = parseHl7Text(`${HEADER}||||||8859/1\rPID|||||Müller`);
  expect(message.value("PID", 5)).toBe("Müller");
});

test.each([
  ["nothing", ""],
  ["no header", "PID|1"],
  ["words", "this is not HL7"],
  ["a header without delimiters", "MSHA"],
])("refuses %s", (_name, raw) => {
  expect(() => parseHl7(Buffer.from(raw))).toThrow(expect.objectContaining({ code: "HL7_MALFORMED" }));
});

test("refuses a message of more segments than memory could hold, before it splits them", () => {
  const many = Buffer.concat([Buffer.from(`${HEADER}\r`), Buffer.alloc(4_000_000, "A\r")]);
  expect(() => parseHl7(many)).toThrow("more than 100000 segments");
});

test("refuses two messages run together: the second's patient would be lost", () => {
  expect(() => parseHl7(Buffer.from(`${HEADER}\rPID|1\r${HEADER}\rPID|2`))).toThrow("two MSH");
});
