import { randomInt, randomUUID, timingSafeEqual } from "node:crypto";
import type { Contact } from "#src/message/contact.ts";
import { EVIDENCE, type LinkRole } from "#src/message/link.ts";
import type { BlindIndex } from "#src/seal/blind-index.ts";
import { lock } from "#src/store/locks.ts";
import type { Transaction } from "#src/store/queryable.ts";
import { insertCode, lockCode, spendTry, useCode } from "#src/store/sql/codes.ts";
import { rootsOf } from "#src/store/sql/directory.ts";
import { lockAffected } from "#src/store/sql/readdress.ts";
import { reenterHeld } from "#src/store/sql/reenter.ts";
import type { ApplyDeps } from "./deps.ts";
import { linkKeys } from "./links.ts";
import { makeLink, type MadeLink } from "./make-link.ts";

/** No letter or digit that is taken for another (Crockford). */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** By which a code is found; the rest, 35 bits, is the secret. */
const SELECTOR = 4;
const LENGTH = 11;
const MOST_TRIES = 5;
/** As it is printed and typed: BOT-1234-567-89AB, with or without what separates. */
const WRITTEN = /\bBOT[\s-]*([0-9A-Z](?:[\s-]?[0-9A-Z]){10})\b/i;

export interface Issued {
  readonly id: string;
  /** Shown this once. */
  readonly code: string;
}

/** Makes a code for a patient, to be given to them and nobody else. */
export async function issueCode(
  { blindIndex }: Pick<ApplyDeps, "blindIndex">,
  db: Transaction,
  wish: {
    readonly patientId: string;
    readonly role: LinkRole;
    readonly issuedBy: string;
    readonly issuedAt: Date;
    readonly expiresAt: Date;
  },
): Promise<Issued> {
  for (;;) {
    const plain = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
    const id = randomUUID();
    if (await insertCode(db, { ...wish, ...keysOf(blindIndex, plain), id })) {
      return { id, code: `BOT-${plain.slice(0, 4)}-${plain.slice(4, 7)}-${plain.slice(7)}` };
    }
  }
}

/** The code a text holds, as it is compared; undefined where it holds none. */
export function codeIn(text: string): string | undefined {
  const [, written] = WRITTEN.exec(text) ?? [];
  return written
    ?.toUpperCase()
    .replaceAll(/[^0-9A-Z]/g, "")
    .replaceAll("O", "0")
    .replaceAll(/[IL]/g, "1");
}

/**
 * `linked`: the contact is the patient's. `wrong`: it is no such code. `over`: it was used, is too old, or was tried too
 * often. `own`: whoever uses it may not, for he made it.
 */
export type Redeemed =
  { readonly outcome: "wrong" | "over" | "own" } | ({ readonly outcome: "linked"; readonly level: number } & MadeLink);

interface Use {
  readonly code: string;
  readonly contact: Contact;
  readonly now: Date;
  /** Where a person uses it: whether he made it himself, by the journal's word for whoever did. */
  readonly isOwn?: (issuedBy: string) => Promise<boolean>;
}

/**
 * Uses a code for a contact, once, and lets in what is held of them. Takes the directory's lock, and then those of the held
 * messages and their lanes.
 */
export async function redeemCode(
  deps: ApplyDeps,
  db: Transaction,
  { code, contact, now, isOwn }: Use,
): Promise<Redeemed> {
  const keys = linkKeys(deps.blindIndex, contact);
  if (!keys) return { outcome: "wrong" };
  const { selectorBi, codeBi } = keysOf(deps.blindIndex, code);
  await lock(db, "directory");
  await lockAffected(db, [keys.contactBi], []);
  const row = await lockCode(db, selectorBi);
  if (!row) return { outcome: "wrong" };
  if (row.usedAt || row.tries >= MOST_TRIES || row.expiresAt <= now) return { outcome: "over" };
  if (!timingSafeEqual(row.codeBi, codeBi)) {
    await spendTry(db, row.id);
    return { outcome: "wrong" };
  }
  if (await isOwn?.(row.issuedBy)) return { outcome: "own" };
  const patientId = (await rootsOf(db, [row.patientId])).get(row.patientId);
  if (patientId === undefined) return { outcome: "over" };
  await useCode(db, row.id, now);
  const level = EVIDENCE.code;
  const word = { patientId, role: row.role, scope: "always", caseBi: null, level, evidence: "code" } as const;
  const by = { verifiedBy: row.issuedBy, approvedBy: null };
  const made = await makeLink(deps, db, { contact, keys, word: { ...word, ...by }, now });
  await reenterHeld(db, [keys.contactBi], now);
  return { outcome: "linked", level, ...made };
}

function keysOf(blindIndex: BlindIndex, code: string) {
  return {
    selectorBi: blindIndex.of("code", "selector", code.slice(0, SELECTOR)),
    codeBi: blindIndex.of("code", "whole", code),
  };
}
