import { afterAll, beforeEach, beforeAll, describe, expect, test } from "@jest/globals";
import { caseRule } from "#src/channel/case-rule.ts";
import { fittingCase } from "#src/identity/case-rule.ts";
import type { CaseRule } from "#src/message/case-rule.ts";
import type { CaseUpdate } from "#src/message/directory.ts";
import { createDirectoryHarness, mapped, NOW, told, vn } from "./harness.ts";

let harness: Awaited<ReturnType<typeof createDirectoryHarness>>;
beforeAll(async () => {
  harness = await createDirectoryHarness();
});
beforeEach(() => harness.clear());
afterAll(() => harness.close());

const DAY = 86_400_000;
const day = (days: number) => new Date(NOW + days * DAY).toISOString();
const open: CaseUpdate["state"] = { is: "open", certain: true };

/** The case chosen of these by a rule as a channel's file says it, of what was written on a day. */
async function chosen(said: object, cases: readonly CaseUpdate[], on = 0): Promise<string | undefined> {
  const rule: CaseRule = caseRule.parse(said);
  for (const [nth, one] of cases.entries()) await harness.apply({ ...told(nth, "P"), case: one });
  const { evidence } = await harness.apply(told(0, "P"));
  const [id = ""] = (evidence as { patients: string[] }).patients;
  return fittingCase(await harness.directory.cases(id, rule), rule, NOW + on * DAY)?.number.value;
}

describe("among several open cases", () => {
  const cases: CaseUpdate[] = [
    { number: vn("F1"), state: open, class: "I", location: "INN1^12^1^HAUS1", admittedAt: day(-3) },
    { number: vn("F2"), state: open, class: "O", location: "AMB^^^HAUS1", admittedAt: day(-1) },
    { number: vn("F3"), state: open, class: "O" },
  ];

  test.each([
    [{}, undefined],
    [{ class: ["I"] }, "F1"],
    [{ class: ["O"] }, undefined],
    [{ ward: ["INN1", "INN2"] }, "F1"],
    [{ ward: ["AMB"], class: ["O"] }, "F2"],
    [{ facility: ["HAUS1"] }, undefined],
    [{ facility: ["HAUS1"], class: ["O"] }, "F2"],
    [{ ward: ["CHI"] }, undefined],
    [{ status: ["planned"] }, undefined],
  ])("the rule %j chooses %s", async (rule, number) => {
    expect(await chosen(rule, cases)).toBe(number);
  });

  test("one fits by when the message was written: from so long before its admission on", async () => {
    expect(await chosen({ before_admission: "P1D" }, cases, -3)).toBe("F1");
    expect(await chosen({ before_admission: "P1D" }, cases, -5)).toBeUndefined();
    expect(await chosen({ before_admission: "P1D" }, cases, 0)).toBeUndefined();
  });
});

describe("where no case is open", () => {
  const planned: CaseUpdate = { number: vn("F1"), state: { is: "planned", certain: true }, admittedAt: day(10) };
  const closed: CaseUpdate = {
    number: vn("F2"),
    state: { is: "closed", certain: true },
    admittedAt: day(-9),
    dischargedAt: day(-2),
  };

  test("the planned one counts, by default whenever it begins", async () => {
    expect(await chosen({}, [planned, closed])).toBe("F1");
    expect(await chosen({ before_admission: "P7D" }, [planned, closed])).toBeUndefined();
    expect(await chosen({ before_admission: "P14D" }, [planned, closed])).toBe("F1");
    expect(await chosen({ status: ["open"] }, [planned, closed])).toBeUndefined();
  });

  test("a closed one counts where the channel says so: for what was written in it, and for so long after", async () => {
    const rule = { status: ["open", "closed", "planned"] };
    expect(await chosen(rule, [planned, closed], -5)).toBe("F2");
    expect(await chosen(rule, [planned, closed], 0)).toBe("F1");
    expect(await chosen({ ...rule, after_discharge: "P3D" }, [planned, closed], 0)).toBe("F2");
    expect(await chosen({ ...rule, after_discharge: "P3D" }, [planned, closed], 2)).toBe("F1");
    expect(await chosen(rule, [planned, closed], -20)).toBe("F1");
  });

  test("a closed one of which nobody said when it ended never counts", async () => {
    const { dischargedAt: _, ...unknown } = closed;
    expect(await chosen({ status: ["closed"], after_discharge: "P30D" }, [unknown])).toBeUndefined();
  });
});

test("ward, class and times are read from PV1 of an ADT", async () => {
  const adt = (trigger: string, pv1: string) =>
    `MSH|^~\\&|KIS|HAUS|BOTENSTOFF||20260101080000||ADT^${trigger}|${trigger}${pv1.length}|P|2.5\r` +
    `EVN|${trigger}|20260101080000\rPID|||P^^^HAUS^PI||Muster^Erika\r${pv1}\r`;
  const visit = (kind: string, place: string, number: string) =>
    `PV1|1|${kind}|${place}||||||||||||||||${number}^^^HAUS^VN|||||||||||||||||||||||||20251230080000`;
  for (const text of [adt("A01", visit("I", "INN1^12^1^HAUS1", "F1")), adt("A04", visit("O", "AMB", "F2"))])
    await harness.directory.apply(mapped(text));
  const { evidence } = await harness.apply({
    ...told(0, "P"),
    patient: { identifiers: [{ value: "P", authority: "HAUS", type: "PI" }] },
  });
  const [id = ""] = (evidence as { patients: string[] }).patients;
  for (const [said, number] of [
    [{ ward: ["INN1"], before_admission: "PT0S" }, "F1"],
    [{ class: ["O"] }, "F2"],
    [{}, undefined],
  ] as const) {
    const rule = caseRule.parse(said);
    expect(fittingCase(await harness.directory.cases(id, rule), rule, NOW)?.number.value).toBe(number);
  }
});

test.each([
  [{ after_discharge: "P1D" }, "Means nothing unless status has closed"],
  [{ status: ["open", "open"] }, "A state twice"],
  [{ status: [] }, ""],
  [{ ward: [] }, ""],
  [{ before_admission: "tomorrow" }, "Not an ISO 8601 duration such as PT24H or P30D"],
])("%j is refused", (rule, reason) => {
  const issues = caseRule.safeParse(rule).error?.issues ?? [];
  expect(issues).toHaveLength(1);
  expect(issues[0]?.message).toContain(reason);
});
