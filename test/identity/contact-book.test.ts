import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Contact } from "#src/message/contact.ts";
import { ContactBook, type ContactFacts, type Sighting } from "#src/identity/contact-book.ts";

const OLD = "4915100000001";
const NEW = "4915100000002";
const at = (minute: number) => new Date(Date.UTC(2026, 10, 24, 10, minute)).toISOString();

/** A book that is closed and opened again after every sighting, as the engine does. */
function open() {
  let known: ContactFacts[] = [];
  const left: { phone: string; at: string }[] = [];
  const taken: { phone: string; instead: string; at: string }[] = [];
  return {
    get contacts() {
      return known;
    },
    left,
    taken,
    see: (sighting: Sighting) => {
      const book = new ContactBook(known);
      const seen = book.see(sighting);
      const gone = new Set([...book.removed, ...book.changed.map(({ id }) => id)]);
      known = [...known.filter(({ id }) => !gone.has(id)), ...book.changed];
      left.push(...book.left);
      taken.push(...book.taken);
      return seen;
    },
  };
}

const says = (minute: number, contact: Contact, news?: Sighting["news"]): Sighting => ({
  at: at(minute),
  contact,
  conversation: `1:${contact.phone ?? contact.userId ?? ""}`,
  ...(news && { news }),
});
const changes = (minute: number, from: Contact, to: Contact) => says(minute, from, { changed: { from, to } });

describe("a contact", () => {
  test("needs no record while all that is known is a number", () => {
    const book = open();
    expect(book.see(says(1, { phone: OLD }))).toBeUndefined();
    expect(book.contacts).toEqual([]);
  });

  test("is the same with and without its number, once both were seen together", () => {
    const book = open();
    const first = book.see(says(1, { userId: "DE.1" }));
    book.see(says(2, { phone: OLD, userId: "DE.1" }));
    const later = book.see(says(3, { userId: "DE.1" }));
    expect(later?.contact).toMatchObject({ id: first?.contact.id, phone: OLD, disputed: false });
    expect(book.see(says(4, { phone: OLD }))?.contact.id).toBe(first?.contact.id);
    expect(later?.contact.conversation).toBe("1:DE.1");
  });

  test("is followed to a new number and a new user id on the provider's word", () => {
    const book = open();
    const before = book.see(says(1, { phone: OLD, userId: "DE.1" }));
    const change = book.see(changes(2, { phone: OLD, userId: "DE.1" }, { phone: NEW, userId: "DE.2" }));
    const after = book.see(says(3, { phone: NEW, userId: "DE.2" }));
    expect(change?.events).toEqual([{ event: "number_changed", contact: before?.contact.id }]);
    expect(after?.contact).toMatchObject({ id: before?.contact.id, conversation: `1:${OLD}`, phone: NEW });
    expect(book.contacts).toHaveLength(1);
    expect(book.left).toEqual([{ phone: OLD, at: at(2) }]);
    expect(book.taken).toEqual([{ phone: NEW, instead: OLD, at: new Date(Date.parse(at(2)) - 1).toISOString() }]);
  });

  test("takes no number from anybody by a change of user id, or by showing the first one", () => {
    const book = open();
    book.see(says(1, { userId: "DE.1" }));
    book.see(says(2, { phone: OLD, userId: "DE.1" }));
    book.see(changes(3, { userId: "DE.1" }, { phone: OLD, userId: "DE.2" }));
    expect(book.taken).toEqual([]);
  });

  test("is followed by numbers alone, as older words of it do", () => {
    const book = open();
    const change = book.see(changes(2, { phone: OLD }, { phone: NEW }));
    expect(change?.contact).toMatchObject({ conversation: `1:${OLD}`, phone: NEW });
    expect(book.see(says(3, { phone: NEW }))?.contact.id).toBe(change?.contact.id);
  });

  test("is followed to a new user id alone", () => {
    const book = open();
    const before = book.see(says(1, { phone: OLD, userId: "DE.1" }));
    book.see(changes(2, { userId: "DE.1" }, { userId: "DE.2" }));
    expect(book.see(says(3, { userId: "DE.2" }))?.contact).toMatchObject({ id: before?.contact.id, phone: OLD });
  });

  test("is followed as well when they wrote under the new ids before the word of it arrived", () => {
    const book = open();
    const before = book.see(says(1, { phone: OLD, userId: "DE.1" }));
    book.see(says(3, { phone: NEW, userId: "DE.2" }));
    book.see(changes(2, { phone: OLD, userId: "DE.1" }, { phone: NEW, userId: "DE.2" }));
    expect(book.contacts).toMatchObject([{ id: before?.contact.id, phone: NEW, userId: "DE.2" }]);
  });

  test("never gets a previous owner's record with a number", () => {
    const book = open();
    const stranger = book.see(says(1, { phone: NEW, userId: "DE.9" }));
    const before = book.see(says(2, { phone: OLD, userId: "DE.1" }));
    const change = book.see(changes(3, { phone: OLD, userId: "DE.1" }, { phone: NEW, userId: "DE.2" }));
    expect(change?.contact.id).toBe(before?.contact.id);
    expect(book.see(says(4, { userId: "DE.9" }))?.contact).toMatchObject({ id: stranger?.contact.id });
    expect(book.see(says(4, { userId: "DE.9" }))?.contact.phone).toBeUndefined();
    expect(book.left.map(({ phone }) => phone).sort()).toEqual([OLD, NEW]);
  });
});

describe("a number that turns up with another user id", () => {
  test("starts a new contact; the old one loses it, and its keys to what comes from it", () => {
    const book = open();
    const owner = book.see(says(1, { phone: OLD, userId: "DE.1" }));
    const stranger = book.see(says(5, { phone: OLD, userId: "DE.2" }));
    expect(stranger?.contact.id).not.toBe(owner?.contact.id);
    expect(stranger?.events).toEqual([{ event: "number_left", contact: owner?.contact.id }]);
    expect(book.see(says(6, { phone: OLD }))?.contact.id).toBe(stranger?.contact.id);
    expect(book.see(says(6, { userId: "DE.1" }))?.contact.phone).toBeUndefined();
    expect(book.left).toEqual([{ phone: OLD, at: new Date(Date.parse(at(5)) - 1).toISOString() }]);
  });

  test("does not go back to the old owner because of a late report", () => {
    const book = open();
    book.see(says(1, { phone: OLD, userId: "DE.1" }));
    const stranger = book.see(says(5, { phone: OLD, userId: "DE.2" }));
    book.see(says(3, { phone: OLD, userId: "DE.1" }));
    expect(book.see(says(6, { phone: OLD }))?.contact.id).toBe(stranger?.contact.id);
  });
});

describe("doubt", () => {
  test("a user id with another number, unannounced, identifies nobody by number any more", () => {
    const book = open();
    book.see(says(1, { phone: OLD, userId: "DE.1" }));
    expect(book.see(says(2, { phone: NEW, userId: "DE.1" }))?.contact.disputed).toBe(true);
    expect(book.see(says(3, { phone: NEW, userId: "DE.1" }))?.contact.disputed).toBe(true);
  });

  test("a change of keys is remembered with its time, once", () => {
    const book = open();
    const seen = (minute: number, keyHash: string) =>
      book.see(says(minute, { phone: OLD, userId: "DE.1" }, { keyHash }));
    expect(seen(1, "a")?.events).toEqual([]);
    expect(seen(2, "b")).toMatchObject({
      contact: { keyChangedAt: at(2), disputed: true },
      events: [{ event: "key_changed" }],
    });
    expect(seen(3, "b")?.events).toEqual([]);
    expect(seen(1, "a")?.contact.keyHash).toBe("b");
  });
});

describe("any sequence of sightings", () => {
  const users = ["DE.1", "DE.2", "DE.3"] as const;
  const phones = [OLD, NEW, "4915100000003"] as const;
  const sighting = fc.record({
    minute: fc.integer({ min: 0, max: 9 }),
    phone: fc.option(fc.constantFrom(...phones), { nil: undefined }),
    userId: fc.option(fc.constantFrom(...users), { nil: undefined }),
  });

  test("never merges two user ids without the provider's word, and no id has two contacts", () => {
    fc.assert(
      fc.property(fc.array(sighting, { maxLength: 12 }), (sightings) => {
        const book = open();
        const owners = new Map<string, string>();
        for (const { minute, phone, userId } of sightings) {
          const seen = book.see(says(minute, { ...(phone && { phone }), ...(userId && { userId }) }));
          if (!seen || userId === undefined) continue;
          expect(owners.get(userId) ?? seen.contact.id).toBe(seen.contact.id);
          owners.set(userId, seen.contact.id);
        }
        expect(new Set(owners.values()).size).toBe(owners.size);
        const used = (name: "phone" | "userId") => book.contacts.flatMap((contact) => contact[name] ?? []);
        for (const ids of [used("phone"), used("userId")]) expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  test("repeated at once changes nothing more", () => {
    fc.assert(
      fc.property(fc.array(sighting, { minLength: 1, maxLength: 8 }), (sightings) => {
        const book = open();
        for (const { minute, phone, userId } of sightings) {
          const one = says(minute, { ...(phone && { phone }), ...(userId && { userId }) });
          book.see(one);
          const after = book.contacts;
          expect(book.see(one)?.events ?? []).toEqual([]);
          expect(new Set(book.contacts)).toEqual(new Set(after));
        }
      }),
    );
  });
});
