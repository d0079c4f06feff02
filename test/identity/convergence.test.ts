import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { CaseState, DirectoryUpdate } from "#src/message/directory.ts";
import { at, change, createDirectoryHarness, pi, seen, vn } from "./harness.ts";

let harness: Awaited<ReturnType<typeof createDirectoryHarness>>;
beforeAll(async () => (harness = await createDirectoryHarness()));
afterAll(() => harness.close());

const PHONES = ["4915112345678", "4917100000001", "4930123456"];
const id = fc.constantFrom("1", "2", "3", "4");
const phone = fc.constantFrom(...PHONES);
const number = fc.constantFrom("F1", "F2", "F3").map(vn);
const state = fc.constantFrom<CaseState>("planned", "open", "closed", "cancelled", "deleted");

type Said = Omit<DirectoryUpdate, "stamp">;

const about = (value: string, patient: Partial<DirectoryUpdate["patient"]> = {}): Said => ({
  patient: { identifiers: [pi(value)], ...patient },
});

/** Anything a feed says: admissions, sparse and deleting updates, states of cases, merges, moves, deletions. */
const said: fc.Arbitrary<Said> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(id, phone, number).map(admission) },
  fc.tuple(id, fc.option(phone)).map(([one, given]) => about(one, { phones: { "PID-13": given ? [given] : [] } })),
  fc.tuple(id, phone).map(([one, given]) => about(one, { phones: { "PID-14": [given] } })),
  fc.tuple(id, fc.option(fc.constantFrom("A", "B"))).map(([one, familyName]) => about(one, { familyName })),
  fc.tuple(id, fc.constantFrom("1950-01-01", "1999-01-01")).map(([one, birthDate]) => about(one, { birthDate })),
  fc
    .tuple(id, number, state, fc.boolean())
    .map(([one, of, is, certain]) => ({ ...about(one), case: { number: of, state: { is, certain } } })),
  {
    weight: 3,
    arbitrary: fc
      .tuple(id, id)
      .filter(([a, b]) => a !== b)
      .map(([a, b]) => merged(a, b)),
  },
  id.map((one) => ({ ...about(one), existence: "deleted" as const })),
  fc.tuple(id, number, number).map(([one, from, to]) => ({ ...about(one), cases: [{ from, to }] })),
);

function admission([one, given, of]: [string, string, ReturnType<typeof vn>]): Said {
  const told = about(one, { familyName: `Familie ${one}`, phones: { "PID-13": [given] } });
  return { ...told, existence: "exists", case: { number: of, state: { is: "open", certain: true } } };
}

function merged(survivor: string, retired: string): Said {
  return { ...about(survivor), existence: "exists", retired: [pi(retired)] };
}

/** A feed in the order it was recorded, and the same in another order, with repeats. */
const feeds = fc.array(said, { minLength: 1, maxLength: 10 }).chain((facts) => {
  const feed = facts.map((fact, index): DirectoryUpdate => ({ ...fact, stamp: at(index) }));
  const again = fc.subarray(feed);
  const shuffled = again.chain((repeats) => {
    const all = [...feed, ...repeats];
    return fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length });
  });
  return shuffled.map((disordered) => ({ feed, disordered }));
});

async function after(feed: readonly DirectoryUpdate[]): Promise<unknown> {
  await harness.clear();
  for (const update of feed) await harness.directory.apply(change(update));
  return seen(harness.directory, PHONES);
}

test("in whatever order and however often a feed arrives, the directory ends up as in order and once", async () => {
  await fc.assert(
    fc.asyncProperty(feeds, async ({ feed, disordered }) => {
      expect(await after(disordered)).toEqual(await after(feed));
    }),
    { numRuns: 150 },
  );
}, 120_000);

test("whatever was merged, nobody is two: the numbers of a chain lead to one patient or to none", async () => {
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(["1", "2", "3", "4"], { minLength: 4 }), async (order) => {
      await harness.clear();
      const [end = ""] = order;
      const chain = order
        .slice(1)
        .map((retired, index) => ({ ...merged(order[index] ?? "", retired), stamp: at(index) }));
      const admissions = order.map((one, index) => ({
        ...admission([one, PHONES[0] ?? "", vn(`F${one}`)]),
        stamp: at(-1 - index),
      }));
      for (const update of [...chain, ...admissions]) await harness.directory.apply(change(update));
      const found = await harness.directory.byPhone(PHONES[0] ?? "");
      expect(found.map(({ patient }) => patient.identifiers)).toEqual([[pi(end)]]);
    }),
    { numRuns: 24 },
  );
});

test("directory changes side by side neither deadlock nor lose anything", async () => {
  await harness.clear();
  const merges = Array.from({ length: 30 }, (_, index) => ({
    ...merged(String(index % 7), String((index + 3) % 7)),
    stamp: at(index),
  }));
  const admissions = Array.from({ length: 30 }, (_, index) => ({
    ...admission([String(index % 7), PHONES[index % 3] ?? "", vn(`F${index}`)]),
    stamp: at(-index),
  }));
  await Promise.all([...merges, ...admissions].map((update) => harness.directory.apply(change(update))));
  const beside = await seen(harness.directory, PHONES);
  expect(beside).toEqual(await after([...admissions, ...merges]));
});
