import type { Contact } from "#src/message/contact.ts";
import type { BlindIndex } from "#src/seal/blind-index.ts";
import { DIRECTORY_EPOCH } from "#src/seal/keyring/keyring.ts";
import type { Sealer } from "#src/seal/sealer.ts";
import { GroupCommit } from "#src/store/group-commit.ts";
import type { Queryable } from "#src/store/queryable.ts";
import {
  changedHands,
  findContacts,
  moveAfter,
  type ContactKey,
  type ContactRow,
  type Doubt,
  type SentFrom,
} from "#src/store/sql/contacts.ts";
import { FIRST, openAt, sealAt, type Place } from "#src/store/sealed/place.ts";
import type { ContactFacts } from "./contact-book.ts";
import { contactKey } from "./phone.ts";

interface ContactsDeps {
  readonly store: Queryable;
  readonly sealer: Sealer;
  readonly blindIndex: BlindIndex;
}

/** Who a message may be taken to be from. */
export interface Identifiable {
  /** With the number the contact is known to have, where the message shows none. */
  readonly contact: Contact | undefined;
  /** The number changed hands between the directory's link and the message: the link says nothing. */
  readonly doubtful: boolean;
  /** An ADT moved the number from one patient to another, and nobody has decided that it is so. */
  readonly moved?: true;
}

/** What the engine has learned about contacts, for identifying them. */
export interface Contacts {
  /** @param sentAt when the message was sent, ISO 8601 */
  identifiable(channel: string, contact: Contact | undefined, sentAt: string): Promise<Identifiable>;
  /**
   * Who a message's author is by now, where the provider has said since that they moved to another number or user id;
   * undefined where nobody said so.
   */
  movedOn(channel: string, contact: Contact | undefined, sentAt: string): Promise<Identifiable | undefined>;
}

export function createContacts({ store, sealer, blindIndex }: ContactsDeps): Contacts {
  // Every message asks; those prepared side by side ask together.
  const hands = new GroupCommit<SentFrom, Doubt>((messages) => changedHands(store, messages));
  const judged = async (contact: Contact | undefined, sentAt: string): Promise<Identifiable> => {
    const phoneBi = contact?.phone === undefined ? null : contactKey(blindIndex, contact);
    const doubt = phoneBi === null ? undefined : await hands.add({ phoneBi, sentAt });
    return { contact, doubtful: doubt?.left ?? false, ...(doubt?.moved && { moved: true }) };
  };
  return {
    identifiable: async (channel, contact, sentAt) =>
      judged(
        contact?.phone === undefined && contact?.userId !== undefined
          ? await withNumber({ sealer, blindIndex, store }, channel, contact)
          : contact,
        sentAt,
      ),
    movedOn: async (channel, contact, sentAt) => {
      const facts = contact && (await followedFrom({ sealer, blindIndex, store }, channel, contact, sentAt));
      if (facts?.phone === undefined || facts.disputed) return undefined;
      return judged({ ...contact, phone: facts.phone }, facts.since > sentAt ? facts.since : sentAt);
    },
  };
}

/** Moves from one number to the next that are followed for one message. */
const MOST_MOVES = 5;

/** The contact that the author of a message has become since, on the provider's word. */
async function followedFrom(
  { store, sealer, blindIndex }: ContactsDeps,
  channel: string,
  contact: Contact,
  sentAt: string,
): Promise<ContactFacts | undefined> {
  let bi = contactKey(blindIndex, contact);
  for (let moves = 0; bi !== null && moves < MOST_MOVES; moves += 1) {
    const next = await moveAfter(store, bi, sentAt);
    if (next === undefined) return undefined;
    const [row] = await findContacts(store, [{ channel, phoneBi: next, userBi: next }]);
    if (row) return openContact(sealer, row);
    bi = next;
  }
  return undefined;
}

/**
 * A user id is made anew when its owner changes their number, so as long as it is in use the number learned with it is
 * theirs; anything contradictory since then has marked the contact as disputed.
 */
async function withNumber({ store, sealer, blindIndex }: ContactsDeps, channel: string, contact: Contact) {
  const key = keysOfContact(blindIndex, channel, contact);
  const [row] = await findContacts(store, [key]);
  const { phone, disputed } = row ? openContact(sealer, row) : { disputed: true };
  return phone === undefined || disputed ? contact : { ...contact, phone };
}

/** The keyed hashes by which a contact is found. */
export function keysOfContact(blindIndex: BlindIndex, channel: string, contact: Contact): ContactKey {
  const { phone, userId } = contact;
  return {
    channel,
    phoneBi: phone === undefined ? null : contactKey(blindIndex, contact),
    userBi: userId === undefined ? null : blindIndex.of("user-id", userId),
  };
}

type SealedContact = Pick<ContactFacts, "conversation" | "phone" | "userId" | "keyHash">;

export function sealContact(deps: Omit<ContactsDeps, "store">, channel: string, facts: ContactFacts): ContactRow {
  const { id, conversation, phone, userId, keyHash, since, disputed, keyChangedAt, seenOn } = facts;
  const personal: SealedContact = {
    ...(conversation !== undefined && { conversation }),
    ...(phone !== undefined && { phone }),
    ...(userId !== undefined && { userId }),
    ...(keyHash !== undefined && { keyHash }),
  };
  return {
    ...keysOfContact(deps.blindIndex, channel, facts),
    id,
    since,
    disputed,
    keyChangedAt: keyChangedAt ?? null,
    seenOn,
    sealed: sealAt(deps.sealer, placeOf(id), personal),
  };
}

export function openContact(sealer: Sealer, row: ContactRow): ContactFacts {
  const { id, since, disputed, keyChangedAt, seenOn } = row;
  const personal = openAt(sealer, placeOf(id), row.sealed);
  return { ...personal, id, since, disputed, ...(keyChangedAt !== null && { keyChangedAt }), seenOn };
}

function placeOf(id: string): Place<SealedContact> {
  return { epoch: DIRECTORY_EPOCH, table: "contact", row: id, column: "sealed", shape: FIRST };
}
