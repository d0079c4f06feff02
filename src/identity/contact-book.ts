import { randomUUID } from "node:crypto";
import type { Contact, ContactNews } from "#src/message/contact.ts";
import { comparablePhone } from "#src/message/comparable-phone.ts";

/** What is known of one contact of one channel. Numbers are in their comparable form. Instants are ISO 8601, UTC. */
export interface ContactFacts {
  readonly id: string;
  /** The conversation everything they write alone goes into, whatever their ids become. */
  readonly conversation?: string;
  readonly phone?: string;
  readonly userId?: string;
  /** Since when these ids belong together; a report from before changes nothing. */
  readonly since: string;
  /** Whether a message without a number may be taken for one from `phone`: not after anything contradictory. */
  readonly disputed: boolean;
  readonly keyHash?: string;
  /** The contact's encryption keys changed: a new phone, or a new owner. A link made before is weaker since. */
  readonly keyChangedAt?: string;
  /** The day of the last sign of life, for forgetting them. */
  readonly seenOn: string;
}

/** One message's evidence of who wrote it. */
export interface Sighting {
  readonly at: string;
  readonly contact: Contact;
  readonly news?: ContactNews;
  /** Present where the conversation is with the contact alone. */
  readonly conversation?: string;
}

/** Something people should be able to look up later. */
export interface ContactEvent {
  readonly event: "number_changed" | "user_id_changed" | "number_left" | "key_changed";
  readonly contact: string;
}

/** A number a contact had, and when it was last theirs: later it may be a stranger's. */
export interface NumberLeft {
  readonly phone: string;
  readonly at: string;
}

/** The ids a contact had until then, and those they have since, on the provider's word. */
export interface ContactMoved {
  readonly from: Contact;
  readonly to: Contact;
  readonly at: string;
}

/** A number that a contact got in place of another, and the last instant at which it was not theirs yet. */
export interface NumberTaken extends NumberLeft {
  readonly instead: string;
}

/**
 * Contacts while a batch of sightings is applied to them. A contact is followed from one id to another only on the
 * provider's own word; a number that turns up with another user id starts a new contact, and the old one loses it.
 * Sightings may come late and in any order; an older one never overrules a newer one.
 */
export class ContactBook {
  readonly #contacts = new Map<string, ContactFacts>();
  readonly #byPhone = new Map<string, string>();
  readonly #byUser = new Map<string, string>();
  readonly #before = new Map<string, ContactFacts>();
  readonly #left: NumberLeft[] = [];
  readonly #taken: NumberTaken[] = [];
  readonly #moved: ContactMoved[] = [];

  constructor(known: readonly ContactFacts[]) {
    for (const contact of known) {
      this.#put(contact);
      this.#before.set(contact.id, contact);
    }
  }

  /** Contacts that are new or differ from what the book was opened with. */
  get changed(): ContactFacts[] {
    return [...this.#contacts.values()].filter((contact) => this.#before.get(contact.id) !== contact);
  }

  /** Contacts known by user id before whose number is known now. */
  get learned(): ContactFacts[] {
    return this.changed.filter(({ id, phone, userId, disputed }) => {
      const before = this.#before.get(id);
      return before !== undefined && userId !== undefined && phone !== undefined && before.phone !== phone && !disputed;
    });
  }

  /** Ids of contacts that went into another, or have no id left. */
  get removed(): string[] {
    return [...this.#before.keys()].filter((id) => !this.#contacts.has(id));
  }

  get left(): readonly NumberLeft[] {
    return this.#left;
  }

  get moved(): readonly ContactMoved[] {
    return this.#moved;
  }

  get taken(): readonly NumberTaken[] {
    return this.#taken;
  }

  /** Applies a sighting. @returns the contact; undefined where a number alone needs no record */
  see(sighting: Sighting): { contact: ContactFacts; events: readonly ContactEvent[] } | undefined {
    const { at, news } = sighting;
    const ids = comparable(sighting.contact);
    const events: ContactEvent[] = [];
    const start = news?.changed
      ? this.#follow(comparable(news.changed.from), comparable(news.changed.to), at, events)
      : (this.#known(ids) ?? (ids.userId === undefined && news?.keyHash === undefined ? undefined : fresh(ids, at)));
    if (!start) return undefined;
    const paired = news?.changed || at < start.since ? start : this.#pair(start, ids, at, events);
    const keyed = keyedBy(paired, news?.keyHash, at, events);
    const day = at.slice(0, 10);
    const contact = this.#put({
      ...keyed,
      ...(keyed.conversation === undefined &&
        sighting.conversation !== undefined && { conversation: sighting.conversation }),
      seenOn: day > keyed.seenOn ? day : keyed.seenOn,
    });
    return { contact, events };
  }

  /** The contact of the ids. The user id decides; a number only where nothing says it is somebody else's now. */
  #known({ phone, userId }: Contact): ContactFacts | undefined {
    const byUser = this.#user(userId);
    if (byUser) return byUser;
    const byPhone = this.#phone(phone);
    return byPhone && (userId === undefined || byPhone.userId === undefined) ? byPhone : undefined;
  }

  /** Notes that the ids were seen together. */
  #pair(contact: ContactFacts, { phone, userId }: Contact, at: string, events: ContactEvent[]): ContactFacts {
    const named = contact.userId === undefined && userId !== undefined ? { ...contact, userId } : contact;
    if (phone === undefined || named.phone === phone) return named;
    const other = this.#phone(phone);
    if (other && other.id !== named.id) {
      // The number is known to be somebody else's by now: this report is a late one.
      if (other.since > at) return named;
      if (other.userId === undefined) this.#remove(other);
      else this.#takeNumber(other, phone, at, events);
    }
    if (named.phone === undefined) return { ...named, phone, since: at };
    // The same user with another number, and nobody said so: theirs now, but no ground to identify by.
    this.#leave(named.phone, before(at));
    this.#take(phone, named.phone, at);
    events.push({ event: "number_left", contact: named.id });
    return { ...named, phone, since: at, disputed: true };
  }

  /** Follows a contact to new ids on the provider's word. */
  #follow(from: Contact, to: Contact, at: string, events: ContactEvent[]): ContactFacts {
    const moved = to.phone !== undefined && to.phone !== from.phone;
    if (moved && from.phone !== undefined) this.#leave(from.phone, at);
    const found = this.#known(from) ?? fresh(from, at);
    if (found.since > at) return found;
    const former = from.phone ?? found.phone;
    if (to.phone !== undefined && former !== undefined && to.phone !== former) this.#take(to.phone, former, at);
    const { phone: _phone, userId: _userId, ...rest } = found;
    const ids = {
      phone: to.phone ?? found.phone ?? from.phone,
      userId: to.userId ?? (moved ? undefined : found.userId),
    };
    let followed: ContactFacts = { ...rest, ...idsOf(ids), since: at, disputed: false };
    for (const other of new Set([this.#user(to.userId), this.#phone(to.phone)])) {
      if (!other || other.id === found.id) continue;
      if (isSame(other, to, at)) {
        // They wrote under the new ids before this word of it arrived.
        this.#remove(other);
        if (other.since > at) followed = { ...followed, ...idsOf(other), since: other.since, disputed: other.disputed };
      } else if (to.phone !== undefined) this.#takeNumber(other, to.phone, at, events);
    }
    const { phone, userId } = found;
    this.#moved.push({ from: idsOf({ phone, userId, ...from }), to: idsOf(followed), at });
    events.push({ event: moved ? "number_changed" : "user_id_changed", contact: found.id });
    return followed;
  }

  /** The number has passed from a contact to another one, and nobody said how. */
  #takeNumber(contact: ContactFacts, phone: string, at: string, events: ContactEvent[]): void {
    this.#leave(phone, before(at));
    const { phone: _phone, ...rest } = contact;
    if (rest.userId === undefined) this.#remove(contact);
    else this.#put(rest);
    events.push({ event: "number_left", contact: contact.id });
  }

  #leave(phone: string, at: string): void {
    this.#left.push({ phone, at });
  }

  #take(phone: string, instead: string, at: string): void {
    this.#taken.push({ phone, instead, at: before(at) });
  }

  #user(userId: string | undefined): ContactFacts | undefined {
    return userId === undefined ? undefined : this.#contacts.get(this.#byUser.get(userId) ?? "");
  }

  #phone(phone: string | undefined): ContactFacts | undefined {
    return phone === undefined ? undefined : this.#contacts.get(this.#byPhone.get(phone) ?? "");
  }

  /** Takes a contact in, in place of what it was; the same object where nothing differs. */
  #put(contact: ContactFacts): ContactFacts {
    const known = this.#contacts.get(contact.id);
    if (known && JSON.stringify(canonical(known)) === JSON.stringify(canonical(contact))) return known;
    if (known) this.#remove(known);
    this.#contacts.set(contact.id, contact);
    if (contact.phone !== undefined) this.#byPhone.set(contact.phone, contact.id);
    if (contact.userId !== undefined) this.#byUser.set(contact.userId, contact.id);
    return contact;
  }

  #remove({ id, phone, userId }: ContactFacts): void {
    this.#contacts.delete(id);
    if (phone !== undefined && this.#byPhone.get(phone) === id) this.#byPhone.delete(phone);
    if (userId !== undefined && this.#byUser.get(userId) === id) this.#byUser.delete(userId);
  }
}

/** Whether a contact met under the new ids is the one that changed to them, not the number's previous owner. */
function isSame(other: ContactFacts, to: Contact, at: string): boolean {
  return other.userId !== undefined && to.userId !== undefined ? other.userId === to.userId : other.since > at;
}

function keyedBy(contact: ContactFacts, keyHash: string | undefined, at: string, events: ContactEvent[]): ContactFacts {
  if (keyHash === undefined || contact.keyHash === keyHash || at < contact.since) return contact;
  if (contact.keyHash === undefined) return { ...contact, keyHash };
  if (contact.keyChangedAt !== undefined && at < contact.keyChangedAt) return contact;
  events.push({ event: "key_changed", contact: contact.id });
  return { ...contact, keyHash, keyChangedAt: at, disputed: true };
}

function fresh({ userId }: Contact, at: string): ContactFacts {
  return { id: randomUUID(), ...idsOf({ userId }), since: at, disputed: false, seenOn: "" };
}

function idsOf({ phone, userId }: { phone?: string | undefined; userId?: string | undefined }): Contact {
  return { ...(phone !== undefined && { phone }), ...(userId !== undefined && { userId }) };
}

function comparable({ phone, userId }: Contact): Contact {
  return idsOf({ phone: phone === undefined ? undefined : comparablePhone(phone), userId });
}

function canonical(contact: ContactFacts) {
  return Object.entries(contact).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The last instant before: what is sent at `at` is after the number has left. */
function before(at: string): string {
  return new Date(Date.parse(at) - 1).toISOString();
}
