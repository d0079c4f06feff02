import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Transaction } from "#src/store/queryable.ts";
import { expectLinear } from "../support/growth.ts";
import { admit, at, createDirectoryHarness, merge, OTHER, PHONE, pi, told, vn } from "./harness.ts";

type Harness = Awaited<ReturnType<typeof createDirectoryHarness>>;
let harness: Harness;
beforeAll(async () => (harness = await createDirectoryHarness()));
beforeEach(() => harness.clear());
afterAll(() => harness.close());

const apply: Harness["apply"] = (...updates) => harness.apply(...updates);
const numbers = (count: number, prefix = "N") => Array.from({ length: count }, (_, index) => pi(`${prefix}${index}`));
let second = 0;
const next = () => (second += 1);

describe("an update costs what it says, not the square of it:", () => {
  test("identifiers, new and known from an earlier message", () =>
    expectLinear(600, async (count) => {
      await harness.clear();
      await apply(told(next(), "1", { identifiers: numbers(count) }));
      await apply(told(next(), "1", { identifiers: numbers(count), familyName: "Neu" }));
    }));

  test("identifiers without a type", () =>
    expectLinear(600, async (count) => {
      await harness.clear();
      const untyped = numbers(count).map((one) => ({ ...one, type: "" }));
      await apply(told(next(), "1", { identifiers: numbers(count) }));
      await apply(told(next(), "1", { identifiers: untyped }));
    }));

  test("one number of very many types", () =>
    expectLinear(600, async (count) => {
      await harness.clear();
      const typed = numbers(count).map((_, index) => pi("1", `T${index}`));
      await apply(told(next(), "1", { identifiers: typed }), told(next(), "1", { identifiers: [pi("1", "")] }));
    }));

  test("patients merged by one message, and the survivor read again", () =>
    expectLinear(300, async (count) => {
      await harness.clear();
      const retired = numbers(count, "R").map(({ value }) => value);
      for (const value of retired.slice(0, 50)) await apply(told(next(), value, { phones: { "PID-13": [PHONE] } }));
      await apply(merge(next(), "1", ...retired), told(next(), "1", { phones: { "PID-13": [OTHER] } }));
      await harness.onlyByPhone(OTHER);
    }));

  test("identifiers that go over one by one", () =>
    expectLinear(300, async (count) => {
      await harness.clear();
      await apply(told(next(), "1", { identifiers: numbers(count + 1) }));
      await apply({ ...told(next(), "2"), moved: numbers(count) });
    }));

  test("numbers of telephones", () =>
    expectLinear(600, async (count) => {
      await harness.clear();
      const phones = Array.from({ length: count }, (_, index) => `49151${10_000_000 + index}`);
      await apply(told(next(), "1", { phones: { "PID-13": phones } }), told(next(), "1", { phones: { "PID-13": [] } }));
    }));
});

test("a message of a thousand identifiers takes as many statements as one of two", async () => {
  const statements = async (count: number) => {
    await harness.clear();
    let asked = 0;
    const transaction = harness.store.transaction.bind(harness.store);
    const counting = (db: Transaction): Transaction =>
      new Proxy(db, { get: (of, name) => ((asked += name === "query" ? 1 : 0), Reflect.get(of, name) as unknown) });
    harness.store.transaction = (run) => transaction((db) => run(counting(db)));
    await apply(merge(next(), "1", ...numbers(count, "R").map(({ value }) => value)));
    harness.store.transaction = transaction;
    return asked;
  };
  expect(await statements(1_000)).toBe(await statements(2));
});

test("a patient who was given more identifiers than anybody has keeps what they have; others go on", async () => {
  for (let part = 0; part < 5; part += 1)
    await apply(told(next(), "1", { identifiers: numbers(999, `P${part}-`).concat(pi("1")) }));
  await expect(apply(told(next(), "1", { identifiers: numbers(999, "more").concat(pi("1")) }))).rejects.toMatchObject({
    code: "HL7_TOO_MANY",
    message: expect.stringContaining("PID-3"),
  });
  await apply(told(next(), "1", { phones: { "PID-13": [PHONE] } }), admit(next(), "2", "F2", OTHER));
  expect((await harness.onlyByPhone(PHONE)).patient.identifiers.length).toBeGreaterThan(4_900);
  await harness.onlyByPhone(OTHER);
});

test("a case that is given ever new numbers ends at a limit, and stays what it was", async () => {
  await apply(admit(next(), "1", "F0"));
  const rename = (from: number, count: number) => ({
    stamp: at(next()),
    patient: { identifiers: [pi("1")] },
    cases: Array.from({ length: count }, (_, index) => ({
      from: vn(`F${from + index}`),
      to: vn(`F${from + index + 1}`),
    })),
  });
  await apply(rename(0, 900));
  await expect(apply(rename(900, 200))).rejects.toMatchObject({ code: "HL7_TOO_MANY" });
  const { id } = await harness.onlyByPhone(PHONE);
  expect((await harness.directory.onlyOpenEncounter(id))?.number).toEqual(vn("F900"));
});

test("a number of very many patients is asked for as quickly as one of two", async () => {
  await apply(
    ...Array.from({ length: 60 }, (_, index) => told(next(), `P${index}`, { phones: { "PID-13": [PHONE] } })),
  );
  expect((await harness.directory.byPhone(PHONE)).length).toBe(20);
});
