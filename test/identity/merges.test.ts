import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { DirectoryUpdate } from "#src/message/directory.ts";
import { admit, at, createDirectoryHarness, merge, OTHER, PHONE, pi, told, vn } from "./harness.ts";

type Harness = Awaited<ReturnType<typeof createDirectoryHarness>>;
let harness: Harness;
beforeAll(async () => (harness = await createDirectoryHarness()));
beforeEach(() => harness.clear());
afterAll(() => harness.close());

const apply: Harness["apply"] = (...updates) => harness.apply(...updates);
const onlyByPhone: Harness["onlyByPhone"] = (phone) => harness.onlyByPhone(phone);

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

  test("takes along who is merged into it since: neither of them is the survivor", async () => {
    const third = "4917100000003";
    await apply(born(4, "3", "1970-01-01", "F3", third), born(5, "2", "1999-01-01", "F2", OTHER), merge(6, "2", "3"));
    expect(await harness.directory.byPhone(third)).toEqual([]);
    const { patient } = await onlyByPhone(PHONE);
    expect(patient.phones).toEqual([PHONE]);
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
