import type { Contact } from "#src/message/contact.ts";
import { counterpart, type MessageDraft } from "#src/message/message.ts";
import type { OperatorDraft } from "#src/message/notice.ts";
import { ContactBook, type ContactEvent, type ContactFacts } from "#src/identity/contact-book.ts";
import { keysOfContact, openContact, sealContact } from "#src/identity/contacts.ts";
import { detailOf, lowerAfterContacts, type Doubtful } from "#src/identity/decay.ts";
import { phoneKey } from "#src/identity/phone.ts";
import type { Queryable, Transaction } from "#src/store/queryable.ts";
import {
  findContacts,
  nameNumber,
  type ContactKey,
  type Move,
  writeContacts,
  writeMoves,
  writeNumbersLeft,
  writeNumbersTaken,
} from "#src/store/sql/contacts.ts";
import type { NoticeRow } from "#src/store/sql/notices.ts";
import { reenterHeld } from "#src/store/sql/reenter.ts";
import { sealDraft, type ArrivedMessage } from "../intake/arrival.ts";
import type { PipelineDeps } from "../deps.ts";
import { sealNotice } from "../intake/seal-notice.ts";

/** A batch of messages with what they say about who wrote them. */
export interface Followed {
  /** The messages, each in its contact's conversation. */
  readonly messages: readonly ArrivedMessage[];
  /** What operators are told about it. */
  readonly notices: readonly NoticeRow[];
  /** Whether anything about contacts is to be written. */
  readonly news: boolean;
  /** Whether a number is learned, or where somebody moved to, which may let earlier messages in again. */
  readonly learned: boolean;
  /** Writes it; `db` is a transaction that holds the contacts' lock. */
  write(db: Transaction): Promise<void>;
}

/**
 * Applies a batch to what is known of the contacts in it, in order. Messages that are held for being somebody else's or
 * unreadable prove nothing.
 * @param old seen-hashes (hex) of duplicates: they change nothing
 */
export async function followContacts(
  deps: PipelineDeps,
  db: Queryable,
  messages: readonly ArrivedMessage[],
  old: ReadonlySet<string> = new Set(),
): Promise<Followed> {
  const speaking = messages.filter((row) => contactOf(row) && !old.has(row.seenHash.toString("hex")));
  const books = await openBooks(deps, db, speaking);
  const happened: { row: ArrivedMessage; event: ContactEvent }[] = [];
  const placed = new Map<ArrivedMessage, ArrivedMessage>();
  for (const row of speaking) {
    const contact = contactOf(row);
    const { sentAt, contactNews, direct, conversation } = row.draft;
    const seen =
      contact &&
      books.get(row.channel)?.see({
        at: sentAt,
        contact,
        ...(contactNews && { news: contactNews }),
        ...(direct && { conversation }),
      });
    if (!seen) continue;
    placed.set(row, placeIn(deps, row, contact, seen.contact));
    happened.push(...seen.events.map((event) => ({ row, event })));
  }
  return {
    messages: messages.map((row) => placed.get(row) ?? row),
    notices: happened.map(({ row, event }) => sealNotice(deps, row, noticeOf(row, event)).row),
    news: [...books.values()].some(({ changed, removed, left }) => changed.length + removed.length + left.length > 0),
    learned: [...books.values()].some(({ learned, moved }) => learned.length + moved.length > 0),
    write: async (transaction) => {
      await writeBooks(deps, transaction, books);
      const lowered = await lowerAfterContacts(transaction, doubtsOf(deps, books, happened), new Date(deps.clock()));
      for (const { row, event } of happened) {
        await deps.journal(transaction, `contact.${event.event}`, event.contact, { channel: row.channel });
      }
      for (const one of lowered) await deps.journal(transaction, "link.lowered", one.id, detailOf(one));
    },
  };
}

/** What became known of contacts that speaks against their links, the gravest last: a link is lowered to the least of it. */
function doubtsOf(
  { blindIndex }: PipelineDeps,
  books: ReadonlyMap<string, ContactBook>,
  happened: readonly { readonly row: ArrivedMessage; readonly event: ContactEvent }[],
): Doubtful[] {
  const keysOf = (channel: string, contact: Contact) => {
    const { phoneBi, userBi } = keysOfContact(blindIndex, channel, contact);
    return [phoneBi, userBi].filter((bi) => bi !== null);
  };
  return [...books].flatMap(([channel, book]): Doubtful[] => {
    const changedKeys = happened.flatMap(({ row, event }) =>
      row.channel === channel && event.event === "key_changed" ? [event.contact] : [],
    );
    const rekeyed = book.changed.filter(({ id }) => changedKeys.includes(id));
    return [
      ...rekeyed.map((facts) => ({ why: "key_changed" as const, bis: keysOf(channel, facts) })),
      ...book.moved.map(({ from, to }) => {
        const why = from.phone !== undefined && from.phone !== to.phone ? "number_changed" : "user_id_changed";
        return { why, bis: keysOf(channel, from) } as const;
      }),
      ...book.left.map(({ phone }) => ({ why: "number_left" as const, bis: [phoneKey(blindIndex, phone)] })),
    ];
  });
}

function contactOf({ draft }: ArrivedMessage): Contact | undefined {
  return draft.hold === "foreign_number" || draft.hold === "malformed" ? undefined : counterpart(draft);
}

async function openBooks(
  { blindIndex, sealer }: PipelineDeps,
  db: Queryable,
  rows: readonly ArrivedMessage[],
): Promise<Map<string, ContactBook>> {
  const named = rows.flatMap((row) => {
    const { changed } = row.draft.contactNews ?? {};
    const contacts = [contactOf(row), changed?.from, changed?.to].filter((contact) => contact !== undefined);
    return contacts.map((contact) => keysOfContact(blindIndex, row.channel, contact));
  });
  const known = named.length === 0 ? [] : await findContacts(db, named);
  const byChannel = Map.groupBy(known, ({ channel }) => channel);
  return new Map(
    Array.from(new Set(rows.map(({ channel }) => channel)), (channel) => [
      channel,
      new ContactBook((byChannel.get(channel) ?? []).map((row) => openContact(sealer, row))),
    ]),
  );
}

/** The message in its contact's conversation, found by the number its contact is known to have. */
function placeIn(deps: PipelineDeps, row: ArrivedMessage, shown: Contact, contact: ContactFacts): ArrivedMessage {
  const { draft } = row;
  const conversation = draft.direct ? contact.conversation : undefined;
  const moved =
    conversation === undefined || conversation === draft.conversation
      ? row
      : sealAgain(deps, row, { ...draft, conversation });
  const number = shown.phone === undefined && !contact.disputed ? contact.phone : undefined;
  return number === undefined ? moved : { ...moved, contactBi: phoneKey(deps.blindIndex, number) };
}

function sealAgain(deps: PipelineDeps, row: ArrivedMessage, draft: MessageDraft): ArrivedMessage {
  return sealDraft(deps, row, draft).row;
}

async function writeBooks(deps: PipelineDeps, db: Transaction, books: ReadonlyMap<string, ContactBook>): Promise<void> {
  const { blindIndex } = deps;
  const all = [...books];
  const changed = all.flatMap(([channel, book]) => book.changed.map((facts) => sealContact(deps, channel, facts)));
  await writeContacts(
    db,
    changed,
    all.flatMap(([, book]) => book.removed),
  );
  const left = all.flatMap(([, book]) => book.left);
  if (left.length > 0) {
    await writeNumbersLeft(
      db,
      left.map(({ phone, at }) => ({ phoneBi: phoneKey(blindIndex, phone), leftAt: at })),
    );
  }
  const taken = all.flatMap(([, book]) => book.taken);
  if (taken.length > 0) {
    await writeNumbersTaken(
      db,
      taken.map(({ phone, instead, at }) => ({
        phoneBi: phoneKey(blindIndex, phone),
        insteadBi: phoneKey(blindIndex, instead),
        leftAt: at,
      })),
    );
  }
  const moves = all.flatMap(([channel, book]) =>
    book.moved.flatMap(({ from, to, at }) =>
      movesOf(keysOfContact(blindIndex, channel, from), keysOfContact(blindIndex, channel, to), at),
    ),
  );
  if (moves.length > 0) {
    await writeMoves(db, moves, new Date(deps.clock()));
    const ended = moves.map(({ fromBi }) => fromBi);
    await reenterHeld(db, ended, new Date(deps.clock()));
  }
  const names = all.flatMap(([channel, book]) =>
    book.learned.flatMap((facts) => {
      const { phoneBi, userBi } = keysOfContact(blindIndex, channel, facts);
      return phoneBi && userBi ? [{ phoneBi, userBi }] : [];
    }),
  );
  if (names.length > 0 && (await nameNumber(db, names)) > 0) {
    const phones = names.map(({ phoneBi }) => phoneBi);
    await reenterHeld(db, phones, new Date(deps.clock()));
  }
}

/** Each id that ended, and where its owner is found since: by their number, else by their user id. */
function movesOf(from: ContactKey, to: ContactKey, at: string): Move[] {
  const toBi = to.phoneBi ?? to.userBi;
  const ended = [
    ...(from.phoneBi && to.phoneBi && !from.phoneBi.equals(to.phoneBi) ? [from.phoneBi] : []),
    ...(from.userBi && to.userBi && !from.userBi.equals(to.userBi) ? [from.userBi] : []),
  ];
  return toBi ? ended.map((fromBi) => ({ fromBi, toBi, at })) : [];
}

/** Ids only: the names are for `GET /api/v1/notices`, the evidence is in the message. */
function noticeOf({ id, draft }: ArrivedMessage, { event, contact }: ContactEvent): OperatorDraft {
  return {
    kind: "operator",
    externalId: `contact:${event}:${contact}:${draft.externalId}`,
    field: "contact",
    event,
    codes: [],
    level: event === "number_left" || event === "key_changed" ? "warn" : "info",
    at: draft.sentAt,
    raw: { contact, message: id },
  };
}
