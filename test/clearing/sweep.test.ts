import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { sweepLinks, type SweepDeps } from "#src/clearing/sweep.ts";
import { taskPolicyOf } from "#src/clearing/policy.ts";
import { createContacts } from "#src/identity/contacts.ts";
import { linkKeys } from "#src/identity/links.ts";
import { makeLink } from "#src/identity/make-link.ts";
import { lock } from "#src/store/locks.ts";
import { proposalOfLink, proposeOfLink } from "#src/store/sql/link-proposals.ts";
import { createDirectoryHarness, NOW, told } from "../identity/harness.ts";

const HOUR_MS = 3_600_000;
let harness: Awaited<ReturnType<typeof createDirectoryHarness>>;
const lines: { action: string; subject: string; detail: Record<string, string> }[] = [];
beforeAll(async () => {
  harness = await createDirectoryHarness();
});
afterAll(() => harness.close());

function deps(hours: number): SweepDeps {
  const { store, sealer, blindIndex, directory } = harness;
  return {
    store: { reading: store, transaction: (run) => store.transaction(run) },
    ...{ sealer, blindIndex, directory, contacts: createContacts({ store, sealer, blindIndex }) },
    ...{ clock: () => NOW + hours * HOUR_MS, retainFrom: () => NOW, policyOf: () => taskPolicyOf(undefined) },
    channels: () => [],
    journal: (_db, action, subject, detail) => {
      lines.push({ action, subject, detail });
      return Promise.resolve();
    },
  };
}

test("what one person said of a link falls after a day in which nobody has confirmed it, and the journal says so", async () => {
  const { store, sealer, blindIndex, apply, directory } = harness;
  const contact = { phone: "4915112345678" };
  await apply({ ...told(1, "1", { phones: { "PID-13": [contact.phone] } }), existence: "exists" });
  const [patient] = await directory.byPhone(contact.phone);
  const keys = linkKeys(blindIndex, contact)!;
  const word = { role: "self", scope: "always", caseBi: null, level: 3, evidence: "two_persons" } as const;
  const by = { patientId: patient?.id ?? "", verifiedBy: "clerk", approvedBy: "approver" };
  const now = new Date(NOW);
  const id = await store.transaction(async (db) => {
    await lock(db, "directory");
    const made = await makeLink({ sealer }, db, { contact, keys, word: { ...word, ...by }, now });
    const proposal = { evidence: "in_person", level: 4, misses: 0 } as const;
    await proposeOfLink(db, made.id, proposal, { actor: "clerk", subjectBi: Buffer.from("c"), now });
    return made.id;
  });
  const proposed = () => store.transaction((db) => proposalOfLink(db, id));
  await sweepLinks(deps(23));
  expect(await proposed()).toBeDefined();
  await sweepLinks(deps(25));
  expect(await proposed()).toBeUndefined();
  expect(lines).toEqual([{ action: "link.declined", subject: id, detail: { reason: "expired" } }]);
});
