import { afterAll, beforeAll, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { ClearingDeps } from "#src/clearing/deps.ts";
import { answerChallenge } from "#src/clearing/links.ts";
import { taskPolicyOf } from "#src/clearing/policy.ts";
import { codeIn, issueCode, redeemCode } from "#src/identity/codes.ts";
import { createContacts } from "#src/identity/contacts.ts";
import { lower, lowerAfterContacts, lowerAfterDirectory } from "#src/identity/decay.ts";
import { readPersons } from "#src/identity/directory-deps.ts";
import { linkKeys } from "#src/identity/links.ts";
import { makeLink } from "#src/identity/make-link.ts";
import { resolve } from "#src/identity/resolve.ts";
import type { Contact } from "#src/message/contact.ts";
import { LOWERINGS, type Lowering } from "#src/message/link.ts";
import { lock } from "#src/store/locks.ts";
import { linksOf } from "#src/store/sql/links.ts";
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
/** The second came of age yesterday. */
const BORN: Readonly<Record<string, string>> = { "1": "1964-08-12", "2": "2007-12-31", "3": "2020-03-01" };
const OF_AGE = new Set([BORN["1"], BORN["2"]]);

const contact = fc.nat(CONTACTS.length - 1);
const patient = fc.constantFrom(...PATIENTS);
const doubts = Object.keys(LOWERINGS) as Lowering[];

/** What can happen, in any order: what the KIS tells, what people say, what speaks against it, late and again. */
const happening = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant("told"), patient, contact: fc.option(contact), late: fc.nat(6) }),
  },
  fc.record({ what: fc.constant("merged"), patient, into: patient }).filter(({ patient: one, into }) => one !== into),
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant("said"),
      contact,
      patient,
      level: fc.constantFrom(2, 3, 4),
      role: fc.constantFrom("self", "guardian"),
      daysAgo: fc.constantFrom(0, 10, 40, 60),
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("doubted"), contact, why: fc.constantFrom(...doubts) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("code"), contact, patient, thief: contact }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("challenge"), contact, right: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("replayed"), nth: fc.nat(13) }) },
) as fc.Arbitrary<Happening>;

type Happening =
  | { readonly what: "told"; readonly patient: string; readonly contact: number | null; readonly late: number }
  | { readonly what: "merged"; readonly patient: string; readonly into: string }
  | {
      readonly what: "said";
      readonly contact: number;
      readonly patient: string;
      readonly level: number;
      readonly role: "self" | "guardian";
      readonly daysAgo: number;
    }
  | { readonly what: "doubted"; readonly contact: number; readonly why: Lowering }
  /** A code given to a patient comes from a contact, and once more from whoever saw it. */
  | { readonly what: "code"; readonly contact: number; readonly patient: string; readonly thief: number }
  | { readonly what: "challenge"; readonly contact: number; readonly right: boolean }
  /** An event that came before, once more. */
  | { readonly what: "replayed"; readonly nth: number };

/** What somebody said, as long as nothing has spoken against it. */
interface Word {
  readonly contact: number;
  readonly patientId: string;
  readonly level: number;
  readonly role: "self" | "guardian";
  readonly daysAgo: number;
  readonly byCode?: true;
}

async function play(happened: Happening, stamp: number): Promise<void> {
  const { store, sealer, blindIndex, apply } = harness;
  if (happened.what === "told") {
    const shown = happened.contact === null ? undefined : CONTACTS[happened.contact]?.phone;
    const phones = { "PID-13": shown === undefined ? [] : [shown] };
    const birthDate = BORN[happened.patient] ?? null;
    const patient = { identifiers: [pi(happened.patient)], phones, birthDate };
    await apply({ stamp: at(Math.max(0, stamp - happened.late)), patient, existence: "exists" });
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
    const word = {
      patientId,
      role: happened.role,
      scope: "always",
      caseBi: null,
      level: happened.level,
      ...by,
    } as const;
    const now = new Date(NOW - happened.daysAgo * A_DAY_MS);
    await store.transaction(async (db) => {
      await lock(db, "directory");
      await makeLink({ sealer }, db, { contact: who, keys, word: { ...word, evidence: "two_persons" }, now });
    });
  } else if (happened.what === "code") {
    const patientId = await rootOf(happened.patient);
    if (patientId === undefined) return;
    const times = { issuedAt: new Date(NOW), expiresAt: new Date(NOW + A_DAY_MS) };
    const { code } = await store.transaction((db) =>
      issueCode({ blindIndex }, db, { patientId, role: "self", issuedBy: "clerk", ...times }),
    );
    const use = (who: number) =>
      store.transaction((db) =>
        redeemCode(harness, db, { code: codeIn(code) ?? "", contact: CONTACTS[who] ?? {}, now: new Date(NOW) }),
      );
    expect((await use(happened.contact)).outcome).toBe("linked");
    expect((await use(happened.thief)).outcome).toBe("over");
  } else if (happened.what === "challenge") {
    for (const { id, patientId } of await linksOf(store, linkKeys(blindIndex, CONTACTS[happened.contact] ?? {})!)) {
      const born = (await readPersons({ sealer }, store, [patientId])).get(patientId)?.birthDate ?? "";
      const [, month = "", day = ""] = born.split("-");
      const answer = happened.right ? `${day}.${month}.` : "31.6.";
      await answerChallenge(desk(), { actor: "other", subjectBi: Buffer.from("other"), journal }, id, answer);
    }
  } else if (happened.what === "doubted") {
    const { contactBi } = linkKeys(blindIndex, CONTACTS[happened.contact] ?? {}) ?? {};
    const said = { why: happened.why, bis: contactBi ? [contactBi] : [] };
    await store.transaction((db) => lowerAfterContacts(db, [said], new Date(NOW)));
  }
}

const journal = () => Promise.resolve();

function desk(): ClearingDeps {
  const { store, sealer, blindIndex, directory } = harness;
  return {
    store: { reading: store, transaction: store.transaction.bind(store) },
    ...{ sealer, blindIndex, directory, contacts: createContacts({ store, sealer, blindIndex }) },
    ...{ clock: () => NOW, retainFrom: () => NOW, policyOf: () => taskPolicyOf(undefined), channels: () => [] },
  };
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
  if (happened.what === "said" || happened.what === "code") {
    const patientId = await rootOf(happened.patient);
    if (patientId === undefined) return [...words];
    const { contact: by } = happened;
    const word: Word =
      happened.what === "said"
        ? { ...happened, patientId }
        : { contact: by, patientId, level: 2, role: "self", daysAgo: 0, byCode: true };
    // One that says the same and is surer stays.
    const others = words.filter(
      (one) => one.contact !== by || one.patientId !== patientId || (one.level > word.level && one.role === word.role),
    );
    return [...others, word];
  }
  if (happened.what === "challenge" && happened.right)
    return words.map((one) => (one.contact === happened.contact && one.byCode ? { ...one, level: 3 } : one));
  if (happened.what === "doubted") return words.filter((word) => word.contact !== happened.contact);
  return [...words];
}

const EVENTS: ReadonlySet<string> = new Set(["told", "merged", "doubted"]);

test("nobody is found by a link that nobody made, that is old, or that something spoke against since; no event raises one", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { minLength: 1, maxLength: 14 }),
      fc.constantFrom(1, 2, 3, 4),
      async (story, requireLevel) => {
        await harness.clear();
        let words: Word[] = [];
        for (const [nth, one] of story.entries()) {
          const stamp = one.what === "replayed" ? one.nth % (nth + 1) : nth;
          const happened = story[stamp] ?? one;
          // Only events come twice: what people say anew is said anew.
          if (one.what === "replayed" && !EVENTS.has(happened.what)) continue;
          const before = await levels();
          await play(happened, stamp);
          words = await believed(words, happened);
          const after = await levels();
          if (happened.what === "challenge") continue;
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
          const guarded = words.some(
            ({ contact: by, patientId, role }) => by === index && patientId === found.patientId && role === "guardian",
          );
          if (OF_AGE.has(found.subject.patient.birthDate)) expect(guarded).toBe(false);
          expect(byWord || (found.subject.level === 1 && carriers.length === 1)).toBe(true);
        }
      },
    ),
    { numRuns: 60 },
  );
}, 300_000);

test("what speaks against a link lowers it once, however often and in whatever order it is told", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...doubts), { minLength: 1, maxLength: 6 }), async (reasons) => {
      await harness.clear();
      await play({ what: "told", patient: "1", contact: null, late: 0 }, 0);
      await play({ what: "said", contact: 0, patient: "1", level: 4, role: "self", daysAgo: 0 }, 1);
      const [id = ""] = (await levels()).keys();
      for (const why of [...reasons, ...reasons.toReversed()])
        await harness.store.transaction((db) => lower(db, [id], why, new Date(NOW)));
      expect((await levels()).get(id)).toBe(Math.min(...reasons.map((why) => LOWERINGS[why])));
    }),
    { numRuns: 40 },
  );
}, 300_000);
