import type { Effects } from "#src/identity/apply.ts";
import type { CaseChoice } from "#src/message/case-rule.ts";
import { detailOf, lowerAfterDirectory, type Fallen } from "#src/identity/decay.ts";
import type { DirectoryUpdate, Subject } from "#src/message/directory.ts";
import type { BlindIndex } from "#src/seal/blind-index.ts";
import type { Sealer } from "#src/seal/sealer.ts";
import type { Queryable, Transaction } from "#src/store/queryable.ts";
import {
  addressedMessages,
  lockAffected,
  writeReaddressed,
  type AddressedMessage,
  type Readdressed,
} from "#src/store/sql/readdress.ts";
import { movedFrom } from "#src/store/sql/contacts.ts";
import { writeRehomings, type RehomingDraft, type RehomingKind } from "#src/store/sql/rehomings.ts";
import { freeAmbiguous } from "#src/store/sql/free-ambiguous.ts";
import { reenterHeld } from "#src/store/sql/reenter.ts";
import { currentAddress, place, type FrozenContext } from "#src/store/sealed/message.ts";
import { openAt, sealAt } from "#src/store/sealed/place.ts";

export interface ReaddressDeps {
  readonly sealer: Sealer;
  readonly blindIndex: BlindIndex;
  /** What is to be said today of a patient to whom a message was routed. */
  subjectNow(db: Queryable, patientId: string, routed: Subject, choice?: CaseChoice): Promise<Subject | undefined>;
  journal(
    db: Transaction,
    action: "messages.followed" | "link.lowered" | "clearing.declined",
    subject: string,
    detail: Record<string, string | number | null>,
  ): Promise<void>;
}

/** Where a patient's messages go from now on; null: nowhere, the person was deleted. */
type Destiny = { readonly from: string; readonly to: string | null };
type Decision = { readonly kind: RehomingKind; readonly to: string | null; readonly subject: Subject | undefined };

/**
 * Lets the messages follow what the directory learned, inside its transaction: held ones of the numbers that changed
 * come in again; routed ones that were not sent yet go to the new patient, case or number; those that were filed, or
 * may have been, are listed for re-homing (docs/decisions/0020-messages-follow-a-merge.md). What stopped because a destination
 * knew several patients is tried again after a merge: it may be what made them one.
 */
export async function followDirectory(
  deps: ReaddressDeps,
  db: Transaction,
  effects: Effects,
  update: DirectoryUpdate,
  now: Date,
): Promise<void> {
  const { lowered, proposals } = await follow(deps, db, effects, update, now);
  for (const one of lowered) await deps.journal(db, "link.lowered", one.id, detailOf(one));
  for (const { id, proposedBy } of proposals)
    await deps.journal(db, "clearing.declined", id, { reason: "patient_changed", proposed_by: proposedBy });
}

/** @returns what is weaker now */
async function follow(
  deps: ReaddressDeps,
  db: Transaction,
  effects: Effects,
  update: DirectoryUpdate,
  now: Date,
): Promise<Fallen> {
  const { phones, patients, cases } = effects;
  const moved = cases.filter((one) => one.moved);
  const destinies = new Map<string, Destiny>();
  for (const { from } of moved) destinies.set(from, { from, to: from });
  for (const [from, to] of patients) destinies.set(from, { from, to });
  if (phones.length === 0 && destinies.size === 0) return lowerAfterDirectory(db, effects, update, now);
  const byKey = new Map(
    [...destinies.values()].map((destiny) => [key(deps, destiny.from).toString("hex"), destiny] as const),
  );
  const patientBis = [...byKey.keys()].map((hex) => Buffer.from(hex, "hex"));
  const reached = phones.length > 0 ? [...phones, ...(await movedFrom(db, phones))] : phones;
  const merged = [...patients].flatMap(([from, to]) => (to === null ? [] : [from, to]));
  const mergedBis = merged.map((id) => key(deps, id));
  await lockAffected(db, reached, patientBis, mergedBis);
  const fallen = await lowerAfterDirectory(db, effects, update, now);
  if (reached.length > 0) await reenterHeld(db, reached, now);
  if (patientBis.length === 0) return fallen;
  if (mergedBis.length > 0) await freeAmbiguous(db, mergedBis, now);
  const readdressed: Readdressed[] = [];
  const rehomings: RehomingDraft[] = [];
  for (const message of await addressedMessages(db, patientBis)) {
    const destiny = byKey.get(message.patientBi.toString("hex"));
    const decision = destiny && (await decide(deps, db, message, destiny, moved));
    if (!decision) continue;
    readdressed.push(readdress(deps, message, decision, now));
    rehomings.push(...rehoming(deps, message, decision, moved));
  }
  await writeReaddressed(db, readdressed);
  await writeRehomings(db, rehomings, now);
  await tell(deps, db, destinies, readdressed.length, rehomings.length);
  return fallen;
}

/** What becomes of one message; undefined where nothing changes for it. */
async function decide(
  deps: ReaddressDeps,
  db: Queryable,
  message: AddressedMessage,
  { from, to }: Destiny,
  moved: Effects["cases"],
): Promise<Decision | undefined> {
  const frozen = open(deps, message);
  const { subject } = currentAddress(frozen);
  if (!subject) return undefined;
  if (to === null) return { kind: "deleted", to, subject: undefined };
  const encounter = subject.encounter?.number;
  const itsCase = moved.some(
    ({ number }) =>
      number.value === encounter?.value && number.authority === encounter.authority && number.type === encounter.type,
  );
  if (to === from && !itsCase) return undefined;
  return {
    kind: to === from ? "case" : "merge",
    to,
    subject: await deps.subjectNow(db, to, subject, frozen.caseChoice),
  };
}

function readdress(deps: ReaddressDeps, message: AddressedMessage, { to, subject }: Decision, now: Date): Readdressed {
  const { epoch, id, address } = message;
  const frozen = open(deps, message);
  const context: FrozenContext = {
    ...frozen,
    readdressed: [...(frozen.readdressed ?? []), { at: now.toISOString(), ...(subject && { subject }) }],
  };
  return {
    epoch,
    id,
    patientBi: to === null ? null : key(deps, to),
    address: address + 1,
    routed: sealAt(deps.sealer, place.message(epoch, id, "routed"), context),
  };
}

/** What the KIS may hold under the former patient or case. */
function rehoming(
  deps: ReaddressDeps,
  { id, channel, patientBi, deliveries }: AddressedMessage,
  { kind, to }: Decision,
  moved: Effects["cases"],
): RehomingDraft[] {
  const destinations = deliveries.flatMap(({ destination, state, inDoubt }) => {
    const filed = state === "accepted" || state === "confirmed";
    return filed || inDoubt ? [{ destination, state: filed ? ("filed" as const) : ("unclear" as const) }] : [];
  });
  if (destinations.length === 0) return [];
  // Documents in a case that moved are now the other patient's; the message's own patient has not changed.
  const owner = kind === "case" ? (moved[0]?.to ?? to) : to;
  return [
    { messageId: id, channel, kind, destinations, fromBi: patientBi, toBi: owner === null ? null : key(deps, owner) },
  ];
}

async function tell(
  deps: ReaddressDeps,
  db: Transaction,
  destinies: ReadonlyMap<string, Destiny>,
  readdressed: number,
  rehomed: number,
): Promise<void> {
  if (readdressed === 0) return;
  for (const { from, to } of destinies.values()) {
    const target = to === null ? null : key(deps, to).toString("hex");
    await deps.journal(db, "messages.followed", key(deps, from).toString("hex"), { to: target, readdressed, rehomed });
  }
}

function open({ sealer }: ReaddressDeps, { epoch, id, routed }: AddressedMessage): FrozenContext {
  return openAt(sealer, place.message(epoch, id, "routed"), routed);
}

function key({ blindIndex }: ReaddressDeps, patientId: string): Buffer {
  return blindIndex.of("patient", patientId);
}
