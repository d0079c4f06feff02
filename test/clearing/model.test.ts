import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import { lower, lowerAfterContacts, lowerAfterDirectory } from "#src/identity/decay.ts";
import { linkKeys } from "#src/identity/links.ts";
import { makeLink } from "#src/identity/make-link.ts";
import { resolve } from "#src/identity/resolve.ts";
import type { Contact } from "#src/message/contact.ts";
import { LOWERINGS, type Lowering } from "#src/message/link.ts";
import { lock } from "#src/store/locks.ts";
import { change, createDirectoryHarness, NOW, pi, at } from "../identity/harness.ts";

let harness: Awaited<ReturnType<typeof createDirectoryHarness>>;
beforeAll(async () => {
  harness = await createDirectoryHarness(async (db, effects, update) => {
    await lowerAfterDirectory(db, effects, update, new Date(NOW));
  });
});
afterAll(() => harness.close());

const A_DAY_MS = 86_400_000;
const REVERIFY_DAYS = 30;
const CONTACTS: readonly Contact[] = [
  { phone: "4915112345678" },
  { phone: "4917100000001", userId: "DE.1" },
  { userId: "DE.2" },
];
const PATIENTS = ["1", "2", "3"];

const contact = fc.nat(CONTACTS.length - 1);
const patient = fc.constantFrom(...PATIENTS);
const doubts = Object.keys(LOWERINGS) as Lowering[];

/** What can happen, in any order: what the KIS tells, what people say, what speaks against it, late and again. */
const happening = fc.oneof(
  { weight: 2, arbitrary: fc.record({ what: fc.constant("told"), patient, contact: fc.option(contact) }) },
  fc.record({ what: fc.constant("merged"), patient, into: patient }).filter(({ patient: one, into }) => one !== into),
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant("said"),
      contact,
      patient,
      level: fc.constantFrom(2, 3, 4),
      daysAgo: fc.constantFrom(0, 10, 40, 60),
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("doubted"), contact, why: fc.constantFrom(...doubts) }) },
) as fc.Arbitrary<Happening>;

type Happening =
  | { readonly what: "told"; readonly patient: string; readonly contact: number | null }
  | { readonly what: "merged"; readonly patient: string; readonly into: string }
  | {
      readonly what: "said";
      readonly contact: number;
      readonly patient: string;
      readonly level: number;
      readonly daysAgo: number;
    }
  | { readonly what: "doubted"; readonly contact: number; readonly why: Lowering };

/** What somebody said, as long as nothing has spoken against it. */
interface Word {
  readonly contact: number;
  readonly patientId: string;
  readonly level: number;
  readonly daysAgo: number;
}

async function play(happened: Happening, stamp: number): Promise<void> {
  const { store, sealer, blindIndex, apply } = harness;
  if (happened.what === "told") {
    const shown = happened.contact === null ? undefined : CONTACTS[happened.contact]?.phone;
    const phones = { "PID-13": shown === undefined ? [] : [shown] };
    await apply({ stamp: at(stamp), patient: { identifiers: [pi(happened.patient)], phones }, existence: "exists" });
  } else if (happened.what === "merged") {
    const patientOf = { identifiers: [pi(happened.into)] };
    await harness.directory.apply(
      change({ stamp: at(stamp), patient: patientOf, existence: "exists", retired: [pi(happened.patient)] }),
    );
  } else if (happened.what === "said") {
    const who = CONTACTS[happened.contact] ?? {};
    const keys = linkKeys(blindIndex, who);
    const patientId = await rootOf(happened.patient);
    if (!keys || patientId === undefined) return;
    const by = { verifiedBy: "clerk", approvedBy: "approver" };
    const word = { patientId, role: "self", scope: "always", caseBi: null, level: happened.level, ...by } as const;
    const now = new Date(NOW - happened.daysAgo * A_DAY_MS);
    await store.transaction(async (db) => {
      await lock(db, "directory");
      await makeLink({ sealer }, db, { contact: who, keys, word: { ...word, evidence: "two_persons" }, now });
    });
  } else {
    const { contactBi } = linkKeys(blindIndex, CONTACTS[happened.contact] ?? {}) ?? {};
    const said = { why: happened.why, bis: contactBi ? [contactBi] : [] };
    await store.transaction((db) => lowerAfterContacts(db, [said], new Date(NOW)));
  }
}

async function rootOf(number: string): Promise<string | undefined> {
  const { rows } = await harness.store.query<{ root: string }>(
    `SELECT root_id AS root FROM patient JOIN patient_identifier ON patient_id = patient.id WHERE value_bi = $1`,
    [harness.blindIndex.of("value", number)],
  );
  return rows[0]?.root;
}

async function levels(): Promise<Map<string, number>> {
  const { rows } = await harness.store.query<{ id: string; level: number }>(
    "SELECT id, level FROM patient_link WHERE ended_at IS NULL",
  );
  return new Map(rows.map(({ id, level }) => [id, level]));
}

/** What is still to be believed after something happened. */
async function believed(words: readonly Word[], happened: Happening): Promise<Word[]> {
  if (happened.what === "said") {
    const patientId = await rootOf(happened.patient);
    // One that says the same and is surer stays.
    const others = words.filter(
      ({ contact, patientId: of, level }) => contact !== happened.contact || of !== patientId || level > happened.level,
    );
    return patientId === undefined ? [...words] : [...others, { ...happened, patientId }];
  }
  if (happened.what === "doubted") return words.filter((word) => word.contact !== happened.contact);
  return [...words];
}

test("nobody is found by a link that nobody made, that is old, or that something spoke against since; no event raises one", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { minLength: 1, maxLength: 14 }),
      fc.constantFrom(1, 2, 3, 4),
      async (story, requireLevel) => {
        await harness.clear();
        let words: Word[] = [];
        for (const [stamp, happened] of story.entries()) {
          const before = await levels();
          await play(happened, stamp);
          words = await believed(words, happened);
          const after = await levels();
          for (const [id, level] of before) expect(after.get(id) ?? 0).toBeLessThanOrEqual(level);
        }
        for (const [index, who] of CONTACTS.entries()) {
          const requirement = { requireLevel, reverifyAfterMs: REVERIFY_DAYS * A_DAY_MS };
          const found = await resolve(harness.directory, who, requirement, { signal: new AbortController().signal });
          if (!found.found) continue;
          expect(found.subject.level).toBeGreaterThanOrEqual(requireLevel);
          const carriers = who.phone === undefined ? [] : await harness.directory.byPhone(who.phone);
          expect(carriers.filter(({ id }) => id !== found.patientId)).toEqual([]);
          const byWord = words.some(
            (word) =>
              word.contact === index &&
              word.patientId === found.patientId &&
              word.level >= found.subject.level &&
              word.daysAgo <= REVERIFY_DAYS,
          );
          expect(byWord || (found.subject.level === 1 && carriers.length === 1)).toBe(true);
        }
      },
    ),
    { numRuns: 120 },
  );
}, 120_000);

test("what speaks against a link lowers it once, however often and in whatever order it is told", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...doubts), { minLength: 1, maxLength: 6 }), async (reasons) => {
      await harness.clear();
      await play({ what: "told", patient: "1", contact: null }, 0);
      await play({ what: "said", contact: 0, patient: "1", level: 4, daysAgo: 0 }, 1);
      const [id = ""] = (await levels()).keys();
      for (const why of [...reasons, ...reasons.toReversed()])
        await harness.store.transaction((db) => lower(db, [id], why, new Date(NOW)));
      expect((await levels()).get(id)).toBe(Math.min(...reasons.map((why) => LOWERINGS[why])));
    }),
    { numRuns: 40 },
  );
}, 60_000);
