import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { DirectoryUpdate } from "#src/message/directory.ts";
import { at, change, createDirectoryHarness, pi, seen, vn } from "./harness.ts";

let harness: Awaited<ReturnType<typeof createDirectoryHarness>>;
beforeAll(async () => (harness = await createDirectoryHarness()));
beforeEach(() => harness.clear());
afterAll(() => harness.close());

const PHONE = "4915112345678";
const OTHER = "4917100000001";

const told = (stamp: number, id: string, patient: Partial<DirectoryUpdate["patient"]> = {}): DirectoryUpdate => ({
  stamp: at(stamp),
  patient: { identifiers: [pi(id)], ...patient },
});
const admit = (stamp: number, id: string, number: string, phone = PHONE): DirectoryUpdate => ({
  ...told(stamp, id, { familyName: `Familie ${id}`, phones: { "PID-13": [phone] } }),
  existence: "exists",
  case: { number: vn(number), state: { is: "open", certain: true } },
});
const merge = (stamp: number, survivor: string, ...retired: string[]): DirectoryUpdate => ({
  ...told(stamp, survivor),
  existence: "exists",
  retired: retired.map((value) => pi(value)),
});
const apply = (...updates: DirectoryUpdate[]) => harness.directory.apply(change(...updates));

async function onlyByPhone(phone: string) {
  const found = await harness.directory.byPhone(phone);
  expect(found).toHaveLength(1);
  return found[0]!;
}

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

test("after a merge the survivor has the retired one's number and cases, under the survivor's identifiers", async () => {
  await apply(admit(1, "1", "F1"));
  await apply(admit(2, "2", "F2", OTHER));
  const retired = await onlyByPhone(OTHER);
  await apply(merge(3, "1", "2"));
  const survivor = await onlyByPhone(OTHER);
  expect(survivor.patient).toMatchObject({ identifiers: [pi("1")], phones: [PHONE, OTHER], familyName: "Familie 1" });
  expect(await harness.directory.onlyOpenEncounter(survivor.id)).toBeUndefined();
  expect(harness.effects.at(-1)?.patients).toEqual(new Map([[retired.id, survivor.id]]));
});

test("a merge does not make an old number look newly entered", async () => {
  await apply(admit(1, "1", "F1"), admit(2, "2", "F2", OTHER));
  const since = async () => {
    const bi = harness.blindIndex.of("phone", OTHER);
    const { rows } = await harness.store.query<{ since: Date }>("SELECT since FROM patient_phone WHERE bi = $1", [bi]);
    return rows.map((row) => row.since.toISOString());
  };
  const entered = await since();
  expect(entered).toHaveLength(1);
  await apply(merge(3, "1", "2"));
  expect(await since()).toEqual(entered);
});

test("a number the survivor's record does not repeat after the merge is gone", async () => {
  await apply(admit(1, "1", "F1"), admit(2, "2", "F2", OTHER), merge(3, "1", "2"));
  await apply(told(4, "1", { phones: { "PID-13": [PHONE] } }));
  expect(await harness.directory.byPhone(OTHER)).toEqual([]);
});

test("a replayed admission of a retired number brings nobody back", async () => {
  await apply(admit(1, "1", "F1"), admit(2, "2", "F2", OTHER), merge(3, "1", "2"));
  await apply(admit(2, "2", "F2", OTHER));
  expect((await onlyByPhone(OTHER)).patient.identifiers).toEqual([pi("1")]);
});

test("a chain of merges leads to its end, whatever comes first", async () => {
  await apply(admit(1, "1", "F1"));
  await apply(merge(5, "3", "2"));
  await apply(merge(3, "2", "1"));
  expect((await onlyByPhone(PHONE)).patient.identifiers).toEqual([pi("3")]);
});

test("a merge of a number nobody knows is remembered for the message that names it later", async () => {
  await apply(admit(1, "1", "F1", OTHER), merge(2, "1", "7", "8"));
  await apply(admit(1.5, "7", "F7"));
  expect((await onlyByPhone(PHONE)).patient.identifiers).toEqual([pi("1")]);
});

test("a retired number without a type is found, each of several on its own", async () => {
  await apply(admit(1, "1", "F1"), admit(2, "2", "F2", OTHER), admit(3, "3", "F3", "4917100000002"));
  await apply({ ...told(4, "1"), retired: [pi("2", ""), pi("3")] });
  for (const phone of [OTHER, "4917100000002"]) {
    expect((await onlyByPhone(phone)).patient.identifiers).toEqual([pi("1")]);
  }
});

test("merging back the other way leaves one patient, under the number that was named last", async () => {
  await apply(admit(1, "1", "F1"), merge(2, "2", "1"), merge(3, "1", "2"));
  expect((await onlyByPhone(PHONE)).patient.identifiers).toEqual([pi("1")]);
  await apply(merge(2, "2", "1"));
  expect((await onlyByPhone(PHONE)).patient.identifiers).toEqual([pi("1")]);
});

describe("a retired number that is told another birth date after the merge", () => {
  const born = (stamp: number, id: string, birthDate: string, number: string, phone: string): DirectoryUpdate => {
    const told = admit(stamp, id, number, phone);
    return { ...told, patient: { ...told.patient, birthDate } };
  };
  const closed = (stamp: number, id: string, number: string): DirectoryUpdate => ({
    ...told(stamp, id),
    case: { number: vn(number), state: { is: "closed", certain: true } },
  });
  beforeEach(() =>
    apply(
      born(1, "1", "1950-01-01", "F1", PHONE),
      born(2, "2", "1999-01-01", "F2", OTHER),
      { ...merge(3, "1", "2"), patient: { identifiers: [pi("1")], birthDate: "1950-01-01" } },
      closed(4, "1", "F1"),
    ),
  );

  test("is somebody else's: neither its telephone nor its case is the survivor's", async () => {
    await apply(born(5, "2", "1999-01-01", "F2", OTHER));
    expect(await harness.directory.byPhone(OTHER)).toEqual([]);
    const { id, patient } = await onlyByPhone(PHONE);
    expect(patient.identifiers).toEqual([pi("1")]);
    expect(await harness.directory.onlyOpenEncounter(id)).toBeUndefined();
  });

  test("is the survivor's again once the KIS merges it again, or tells the same birth date", async () => {
    for (const more of [merge(6, "1", "2"), born(7, "2", "1950-01-01", "F2", OTHER)]) {
      await apply(born(5, "2", "1999-01-01", "F2", OTHER), more);
      const { id, patient } = await onlyByPhone(OTHER);
      expect(patient.identifiers).toEqual([pi("1")]);
      expect(await harness.directory.onlyOpenEncounter(id)).toMatchObject({ number: vn("F2") });
    }
  });
});

test("an identifier of a record that had two can be retired alone", async () => {
  await apply(told(1, "1", { identifiers: [pi("1"), pi("2")], phones: { "PID-13": [PHONE] } }), merge(2, "1", "2"));
  expect((await onlyByPhone(PHONE)).patient.identifiers).toEqual([pi("1")]);
  await apply(told(3, "2", { familyName: "Muster" }));
  expect((await onlyByPhone(PHONE)).patient.identifiers).toEqual([pi("1")]);
});

test("an identifier that moves leaves its former patient where it was", async () => {
  const lab = { value: "9", authority: "LABOR", type: "MR" };
  await apply(told(1, "1", { identifiers: [pi("1"), lab], phones: { "PID-13": [PHONE] } }), admit(2, "2", "F2", OTHER));
  await apply({ ...told(3, "2"), moved: [lab] });
  expect((await onlyByPhone(PHONE)).patient.identifiers).toEqual([pi("1")]);
  await apply({ stamp: at(4), patient: { identifiers: [lab], phones: { "PID-13": ["4917100000009"] } } });
  // The survivor's own numbers were told before; a number told for the moved identifier since then is the survivor's.
  expect((await onlyByPhone("4917100000009")).patient.identifiers).toEqual([pi("2")]);
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
