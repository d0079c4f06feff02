import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { openContact } from "#src/identity/contacts.ts";
import { phoneKey } from "#src/identity/phone.ts";
import type { ContactRow } from "#src/store/sql/contacts.ts";
import { change, createIntakeHarness, HOUR_MS, NUMBERS, value, type IntakeHarness } from "./intake-harness.ts";

const OLD = "4915100000001";
const NEW = "4915100000002";
const START = 1_795_500_000;
let harness: IntakeHarness;
beforeAll(async () => {
  harness = await createIntakeHarness();
});
afterEach(() => harness.clear());
afterAll(() => harness.close());

interface Said {
  readonly id: string;
  readonly phone?: string;
  readonly userId?: string;
  readonly keyHash?: string;
  readonly group?: string;
  readonly minute?: number;
}

/** A change with one message and its contact entry. */
function said({ id, phone, userId, keyHash, group, minute = 0 }: Said, number: string = NUMBERS.first) {
  const entry = { ...(phone && { wa_id: phone }), ...(userId && { user_id: userId }) };
  return change(
    value(
      {
        contacts: [{ ...entry, ...(keyHash && { identity_key_hash: keyHash }) }],
        messages: [
          {
            ...(phone && { from: phone }),
            ...(userId && { from_user_id: userId }),
            ...(group && { group_id: group }),
            id,
            timestamp: String(START + minute * 60),
            type: "text",
            text: { body: "Guten Tag" },
          },
        ],
      },
      number,
    ),
  );
}

function system(id: string, minute: number, members: object, from = OLD) {
  const message = { from, id, timestamp: START + minute * 60, type: "system", system: { body: "changed", ...members } };
  return change(value({ messages: [message] }));
}

const changedNumber = { type: "user_changed_number", wa_id: NEW, previous_user_id: "DE.1", user_id: "DE.2" };
const messages = () =>
  harness.rows<{ lane: string; contact: string; state: string }>(
    `SELECT lane_key::text AS lane, contact_bi::text AS contact, state FROM message ORDER BY seq`,
  );
const contacts = async () => {
  const rows = await harness.rows<ContactRow & { since: never }>(
    `SELECT id, channel, since::text, disputed, key_changed_at::text AS "keyChangedAt", seen_on::text AS "seenOn", sealed
     FROM contact ORDER BY since`,
  );
  return rows.map((row) => openContact(harness.sealer, row));
};
const hex = (bi: Buffer) => `\\x${bi.toString("hex")}`;

describe("a contact", () => {
  test("stays in one lane through a change of number and user id, and the journal keeps it", async () => {
    await harness.take(said({ id: "1", phone: OLD, userId: "DE.1" }));
    await harness.take(system("2", 1, changedNumber));
    await harness.take(said({ id: "3", phone: NEW, userId: "DE.2", minute: 2 }));
    await harness.take(said({ id: "4", phone: NEW, minute: 3 }));
    expect(new Set((await messages()).map(({ lane }) => lane)).size).toBe(1);
    const [contact, ...others] = await contacts();
    expect(others).toEqual([]);
    expect(contact).toMatchObject({ phone: NEW, userId: "DE.2", conversation: `${NUMBERS.first}:${OLD}` });
    expect(harness.journal).toEqual([{ action: "contact.number_changed", subject: contact?.id }]);
    expect(await harness.rows("SELECT field, event, level FROM notice")).toEqual([
      { field: "contact", event: "number_changed", level: "info" },
    ]);
  });

  test("is not shared between channels", async () => {
    await harness.take(said({ id: "1", phone: OLD, userId: "DE.1" }));
    await harness.take(said({ id: "2", phone: OLD, userId: "DE.1" }, NUMBERS.second));
    expect(await contacts()).toHaveLength(2);
  });

  test("changed by a duplicate weeks later is not changed", async () => {
    await harness.take(said({ id: "1", phone: OLD, userId: "DE.1" }));
    await harness.take(system("2", 1, changedNumber));
    await harness.take(said({ id: "3", phone: OLD, userId: "DE.9", minute: 5 }));
    const before = await contacts();
    harness.world.now += 30 * 24 * HOUR_MS;
    for (const body of [
      said({ id: "1", phone: OLD, userId: "DE.1", minute: 90 }),
      system("2", 90, changedNumber),
      said({ id: "3", phone: OLD, userId: "DE.9", minute: 90 }),
    ])
      await harness.take(body);
    expect(await contacts()).toEqual(before);
    expect(harness.journal).toHaveLength(1);
  });

  test("whose keys changed is noted: journal, operator event, and a fact on the contact", async () => {
    await harness.take(said({ id: "1", phone: OLD, userId: "DE.1", keyHash: "one" }));
    await harness.take(said({ id: "2", phone: OLD, userId: "DE.1", keyHash: "two", minute: 1 }));
    const [contact] = await contacts();
    expect(contact?.keyChangedAt).toBeDefined();
    expect(harness.journal).toEqual([{ action: "contact.key_changed", subject: contact?.id }]);
    expect(harness.logged).toMatchObject([["warn", "operator.event", { field: "contact", code: "key_changed" }]]);
  });

  test("of a group message does not take the group's lane for theirs", async () => {
    await harness.take(said({ id: "1", phone: OLD, userId: "DE.1", group: "G" }));
    await harness.take(said({ id: "2", phone: OLD, userId: "DE.1" }));
    expect(new Set((await messages()).map(({ lane }) => lane)).size).toBe(2);
    expect((await contacts())[0]?.conversation).toBe(`${NUMBERS.first}:${OLD}`);
  });

  test("leaves nothing readable: ids are sealed or keyed hashes", async () => {
    await harness.take(said({ id: "1", phone: OLD, userId: "DE.1349120" }));
    await harness.take(system("2", 1, { ...changedNumber, previous_user_id: "DE.1349120" }));
    const rows = await harness.rows<{ row: string }>(
      "SELECT contact::text AS row FROM contact UNION ALL SELECT number_left::text FROM number_left",
    );
    const trace = JSON.stringify([rows, harness.logged, harness.journal]);
    for (const secret of [OLD, NEW, "DE.1349120"]) {
      expect(trace).not.toContain(secret);
      expect(trace).not.toContain(Buffer.from(secret).toString("hex"));
    }
  });

  test("met in many webhooks at once is one contact", async () => {
    const bodies = Array.from({ length: 20 }, (_, n) => said({ id: String(n), phone: OLD, userId: "DE.1", minute: n }));
    await Promise.all(bodies.map((body) => harness.take(body)));
    expect(await contacts()).toHaveLength(1);
    expect(await messages()).toHaveLength(20);
  });
});

describe("a message without a number", () => {
  test("is found by the number its sender is known to have", async () => {
    await harness.take(said({ id: "1", phone: OLD, userId: "DE.1" }));
    await harness.take(said({ id: "2", userId: "DE.1", minute: 1 }));
    const key = hex(phoneKey(harness.blindIndex, OLD));
    expect((await messages()).map(({ contact }) => contact)).toEqual([key, key]);
    const who = { userId: "DE.1" };
    const sentAt = new Date((START + 60) * 1_000).toISOString();
    const { contacts } = harness.deps;
    expect(await contacts.identifiable("first", who, sentAt)).toEqual({
      contact: { userId: "DE.1", phone: OLD },
      doubtful: false,
    });
    expect(await contacts.identifiable("second", who, sentAt)).toEqual({ contact: who, doubtful: false });
  });

  test("that is held goes in again as soon as its number is learned", async () => {
    await harness.take(said({ id: "1", userId: "DE.1" }));
    await harness.store.query("UPDATE message SET state = 'held', reason = 'unknown'");
    await harness.store.query("DELETE FROM lane");
    await harness.take(said({ id: "2", phone: OLD, userId: "DE.1", minute: 1 }));
    const [first, second] = await messages();
    expect(first).toEqual({ ...second, lane: first?.lane });
    expect(first?.state).toBe("received");
    expect(first?.lane).toBe(second?.lane);
    expect(await harness.rows("SELECT open FROM lane")).toEqual([{ open: 2 }]);
  });

  test("is not found by a number anything contradicted", async () => {
    const named = async (userId: string) =>
      (await harness.deps.contacts.identifiable("first", { userId }, new Date(harness.world.now).toISOString()))
        .contact;
    await harness.take(said({ id: "1", phone: OLD, userId: "DE.1" }));
    await harness.take(said({ id: "2", phone: OLD, userId: "DE.2", minute: 1 }));
    expect(await named("DE.1")).toEqual({ userId: "DE.1" });
    expect(await named("DE.2")).toEqual({ userId: "DE.2", phone: OLD });
    await harness.take(said({ id: "3", phone: NEW, userId: "DE.2", minute: 2 }));
    expect(await named("DE.2")).toEqual({ userId: "DE.2" });
  });
});

describe("a message that is held for being another number's", () => {
  test("proves nothing about its sender", async () => {
    await harness.take(said({ id: "1", phone: OLD, userId: "DE.1" }, "999"));
    expect(await contacts()).toEqual([]);
  });
});
