import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { admit, change, createDirectoryHarness, merge, OTHER, PHONE, pi, seen, told, vn } from "./harness.ts";

type Harness = Awaited<ReturnType<typeof createDirectoryHarness>>;
let harness: Harness;
beforeAll(async () => (harness = await createDirectoryHarness()));
beforeEach(() => harness.clear());
afterAll(() => harness.close());

const apply: Harness["apply"] = (...updates) => harness.apply(...updates);
const onlyByPhone: Harness["onlyByPhone"] = (phone) => harness.onlyByPhone(phone);

test("an admission is found by its number, with its open case", async () => {
  await apply(admit(1, "1", "F1"));
  const { id, patient } = await onlyByPhone(PHONE);
  expect(patient).toEqual({ identifiers: [pi("1")], phones: [PHONE], familyName: "Familie 1" });
  expect(await harness.directory.onlyOpenEncounter(id)).toEqual({ number: vn("F1"), open: true });
});

test("a silent update wipes nothing, an explicit null does, field by field", async () => {
  await apply(admit(1, "1", "F1"), told(2, "1", { phones: { "PID-14": [OTHER] } }), told(3, "1"));
  expect((await onlyByPhone(PHONE)).patient.phones).toEqual([PHONE, OTHER]);
  await apply(told(4, "1", { familyName: null, phones: { "PID-13": [] } }));
  expect(await harness.directory.byPhone(PHONE)).toEqual([]);
  expect((await onlyByPhone(OTHER)).patient).toEqual({ identifiers: [pi("1")], phones: [OTHER] });
});

test("an older message that comes later does not undo a newer one", async () => {
  await apply(told(5, "1", { familyName: "Neu", phones: { "PID-13": [OTHER] } }));
  await apply(admit(1, "1", "F1"));
  expect((await onlyByPhone(OTHER)).patient.familyName).toBe("Neu");
  expect(await harness.directory.byPhone(PHONE)).toEqual([]);
});

test("repeating a message changes nothing and tells nobody of a change", async () => {
  await apply(admit(1, "1", "F1"));
  expect((await harness.directory.apply(change(admit(1, "1", "F1")))).outcome).toBe("unchanged");
  expect(harness.effects.at(-1)).toMatchObject({ phones: [], cases: [], changed: false });
});

test("the same number under another authority or type is another patient", async () => {
  await apply(admit(1, "1", "F1"));
  const foreign = { value: "1", authority: "PRAXIS", type: "PI" };
  await apply({ ...told(2, "1"), patient: { identifiers: [foreign], phones: { "PID-13": [PHONE] } } });
  expect(await harness.directory.byPhone(PHONE)).toHaveLength(2);
});

test("a number without a type means the one patient who has it with a type, and the other way round", async () => {
  await apply({ ...told(1, "1"), patient: { identifiers: [pi("1", "")], phones: { "PID-13": [PHONE] } } });
  await apply(told(2, "1", { familyName: "Muster" }));
  expect((await onlyByPhone(PHONE)).patient.familyName).toBe("Muster");
  await apply(admit(1, "2", "F2", OTHER));
  await apply({ ...told(3, "2"), patient: { identifiers: [pi("2", "")], familyName: "Zwei" } });
  expect((await onlyByPhone(OTHER)).patient.familyName).toBe("Zwei");
});

test("an insurance number that two patients share does not make them one", async () => {
  const insured = (stamp: number, id: string, phone: string) =>
    told(stamp, id, {
      identifiers: [pi(id), { value: "A1", authority: "GKV", type: "NH" }],
      phones: { "PID-13": [phone] },
    });
  await apply(insured(1, "1", PHONE));
  await apply(insured(2, "2", OTHER));
  expect((await onlyByPhone(PHONE)).patient.identifiers).toEqual([
    pi("1"),
    { value: "A1", authority: "GKV", type: "NH" },
  ]);
  expect((await onlyByPhone(OTHER)).patient.identifiers[0]).toEqual(pi("2"));
});

describe("a policy number of a family, of whatever type,", () => {
  const policy = (type: string) => ({ value: "4711", authority: "DEBEKA", type });
  const insured = (stamp: number, id: string, phone: string, type: string) =>
    told(stamp, id, { identifiers: [pi(id), policy(type)], phones: { "PID-13": [phone] } });

  test.each(["XX", "PKV", ""])("makes nobody another: type %j", async (type) => {
    await apply(insured(1, "1", PHONE, type), insured(2, "2", PHONE, type));
    expect(await harness.directory.byPhone(PHONE)).toHaveLength(2);
    await apply(insured(3, "2", OTHER, type));
    expect((await onlyByPhone(PHONE)).patient.identifiers[0]).toEqual(pi("1"));
    expect((await onlyByPhone(OTHER)).patient.identifiers[0]).toEqual(pi("2"));
  });

  test("is not retired with the duplicate of one of them", async () => {
    await apply(insured(1, "1", PHONE, "XX"), insured(2, "2", OTHER, "XX"), insured(3, "3", OTHER, "XX"));
    await apply({ ...merge(4, "3", "2"), retired: [pi("2"), policy("XX")] });
    expect((await onlyByPhone(PHONE)).patient.identifiers[0]).toEqual(pi("1"));
    expect((await onlyByPhone(OTHER)).patient.identifiers[0]).toEqual(pi("3"));
  });

  test("does not keep a patient from getting a new number", async () => {
    await apply(insured(1, "1", PHONE, "XX"));
    await apply({ ...insured(2, "5", PHONE, "XX"), retired: [pi("1")] });
    expect((await onlyByPhone(PHONE)).patient.identifiers).toEqual([pi("5"), policy("XX")]);
    await apply(told(3, "1", { familyName: "Muster" }));
    expect((await onlyByPhone(PHONE)).patient).toMatchObject({ identifiers: [pi("5"), policy("XX")] });
  });
});

test("identifiers of two patients in one message are refused: nobody is merged without a merge", async () => {
  await apply(admit(1, "1", "F1"));
  await apply(admit(2, "2", "F2", OTHER));
  const both = { ...told(3, "1"), patient: { identifiers: [pi("1"), pi("2")] } };
  await expect(apply(both)).rejects.toMatchObject({ code: "PATIENTS_CONFLICT" });
  expect((await onlyByPhone(OTHER)).patient.identifiers).toEqual([pi("2")]);
});

test("two patients on one number are both found", async () => {
  await apply(admit(1, "1", "F1"));
  await apply(admit(2, "2", "F2"));
  expect(await harness.directory.byPhone(PHONE)).toHaveLength(2);
});

test("a deleted person has no number; an older message does not bring it back, a new admission does", async () => {
  await apply(admit(1, "1", "F1"));
  const { id } = await onlyByPhone(PHONE);
  await apply({ ...told(3, "1"), existence: "deleted" });
  expect(harness.effects.at(-1)?.patients).toEqual(new Map([[id, null]]));
  await apply(admit(2, "1", "F1"), told(4, "1", { phones: { "PID-13": [PHONE] } }));
  expect(await harness.directory.byPhone(PHONE)).toEqual([]);
  await apply({ ...told(5, "1"), existence: "exists" });
  expect((await onlyByPhone(PHONE)).patient).toEqual({ identifiers: [pi("1")], phones: [PHONE] });
});

test("nothing readable is left of a deleted person", async () => {
  await apply(admit(1, "1", "F1"), { ...told(3, "1"), existence: "deleted" });
  const { rows } = await harness.store.query<{ id: string; sealed: Buffer }>("SELECT id, sealed FROM patient");
  const opened = rows.map(({ id, sealed }) =>
    harness.sealer.open({ epoch: 0, table: "patient", row: id, column: "sealed" }, sealed).toString(),
  );
  expect(opened.join()).not.toMatch(/Familie|4915112345678/);
});

test("what was known of whoever had been merged into it does not come back with a new admission (I3)", async () => {
  await apply(admit(1, "1", "F1"), admit(2, "2", "F2", OTHER), merge(3, "1", "2"));
  await apply({ ...told(4, "1"), existence: "deleted" });
  await apply({ ...told(5, "1", { phones: { "PID-13": [PHONE] } }), existence: "exists" });
  expect(await harness.directory.byPhone(OTHER)).toEqual([]);
  expect((await onlyByPhone(PHONE)).patient).toEqual({ identifiers: [pi("1")], phones: [PHONE] });
});

test.each([
  ["closed", false],
  ["cancelled", false],
  ["deleted", false],
  ["planned", true],
] as const)("a case that is %s: open is %p", async (is, open) => {
  await apply(admit(1, "1", "F1"), { ...told(2, "1"), case: { number: vn("F1"), state: { is, certain: true } } });
  const { id } = await onlyByPhone(PHONE);
  expect((await harness.directory.onlyOpenEncounter(id)) !== undefined).toBe(open);
  await apply({ ...told(3, "1"), case: { number: vn("F1"), state: { is: "open", certain: true } } });
  expect(await harness.directory.onlyOpenEncounter(id)).toMatchObject({ number: vn("F1") });
});

test("an A08 that says nothing of a discharge opens an unknown case, but not a closed one", async () => {
  const guess = { state: { is: "open", certain: false } } as const;
  await apply(told(1, "1", { phones: { "PID-13": [PHONE] } }), {
    ...told(5, "1"),
    case: { number: vn("F1"), ...guess },
  });
  const { id } = await onlyByPhone(PHONE);
  expect(await harness.directory.onlyOpenEncounter(id)).toMatchObject({ number: vn("F1"), open: true });
  await apply({ ...told(2, "1"), case: { number: vn("F1"), state: { is: "closed", certain: true } } });
  expect(await harness.directory.onlyOpenEncounter(id)).toBeUndefined();
});

test("a planned case counts only where none is open", async () => {
  const planned = { number: vn("F2"), state: { is: "planned", certain: true } } as const;
  await apply(admit(1, "1", "F1"), { ...told(2, "1"), case: planned });
  const { id } = await onlyByPhone(PHONE);
  expect(await harness.directory.onlyOpenEncounter(id)).toMatchObject({ number: vn("F1") });
});

test("a case that moves belongs to the other patient, whichever message comes later", async () => {
  await apply(admit(1, "1", "F1"), admit(1, "2", "F2", OTHER));
  const [from, to] = [(await onlyByPhone(PHONE)).id, (await onlyByPhone(OTHER)).id];
  await apply({ ...told(5, "2"), cases: [{ from: vn("F1"), to: vn("F1") }] });
  expect(harness.effects.at(-1)?.cases).toEqual([{ number: vn("F1"), from, to, moved: true }]);
  await apply({ ...told(2, "1"), case: { number: vn("F1"), class: "I" } });
  expect(await harness.directory.onlyOpenEncounter(from)).toBeUndefined();
});

test("a case under a new number keeps its state; what is said of the old number is said of the new", async () => {
  await apply(admit(1, "1", "F1"), { ...told(5, "1"), cases: [{ from: vn("F1"), to: vn("F9") }] });
  const { id } = await onlyByPhone(PHONE);
  expect(await harness.directory.onlyOpenEncounter(id)).toMatchObject({ number: vn("F9"), open: true });
  await apply({ ...told(3, "1"), case: { number: vn("F1"), state: { is: "closed", certain: true } } });
  expect(await harness.directory.onlyOpenEncounter(id)).toBeUndefined();
});

test("the version a decision rests on grows with every change of what is known, and with nothing else", async () => {
  await apply(admit(1, "1", "F1"));
  const { version } = await onlyByPhone(PHONE);
  await apply(admit(1, "1", "F1"));
  expect((await onlyByPhone(PHONE)).version).toBe(version);
  await apply({ ...told(2, "1"), case: { number: vn("F1"), state: { is: "closed", certain: true } } });
  expect((await onlyByPhone(PHONE)).version).toBeGreaterThan(version);
});

test("a planned case that was opened counts at once, also when that is told late", async () => {
  const planned = (stamp: number, is: "planned" | "open") =>
    ({ ...admit(stamp, "1", "F1"), case: { number: vn("F2"), state: { is, certain: true } } }) as const;
  await apply(admit(1, "1", "F1"), planned(2, "planned"), admit(9, "1", "F1"));
  const before = await onlyByPhone(PHONE);
  expect(await harness.directory.onlyOpenEncounter(before.id)).toMatchObject({ number: vn("F1") });
  await apply(planned(5, "open"));
  expect((await onlyByPhone(PHONE)).version).toBeGreaterThan(before.version);
  expect(await harness.directory.onlyOpenEncounter(before.id)).toBeUndefined();
});

test("what a reader sees of an unknown number is nobody", async () => {
  expect(await seen(harness.directory, ["4930000000"])).toEqual([[]]);
});
