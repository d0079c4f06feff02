import type { MessageState } from "#src/message/state.ts";
import { LANE_ORDER } from "../locks.ts";
import type { Queryable, Transaction } from "../queryable.ts";
import { columns } from "./columns.ts";
import { lockAmbiguous } from "./free-ambiguous.ts";

/**
 * Locks what a change of the directory touches, in the order everyone takes locks: first the lanes of the held messages
 * that come in again, by primary key, and those that a merge may set going again, then these messages and the routed ones
 * of the patients, by id.
 * @param mergedBis patients that were merged, and those they were merged into
 */
export async function lockAffected(
  db: Transaction,
  contactBis: readonly Buffer[],
  patientBis: readonly Buffer[],
  mergedBis: readonly Buffer[] = [],
): Promise<void> {
  await db.query(
    `SELECT FROM lane JOIN (SELECT DISTINCT channel, lane_key FROM message WHERE contact_bi = ANY ($1::bytea[]) AND state = 'held')
       AS held ON lane.channel = held.channel AND lane.stage = 'prepare' AND lane.key = held.lane_key
     ORDER BY ${LANE_ORDER} FOR UPDATE OF lane`,
    [contactBis],
  );
  if (mergedBis.length > 0) await lockAmbiguous(db, mergedBis);
  await db.query(
    `SELECT FROM message WHERE id IN (
       SELECT id FROM message WHERE contact_bi = ANY ($1::bytea[]) AND state = 'held'
       UNION ALL SELECT id FROM message WHERE patient_bi = ANY ($2::bytea[]))
     ORDER BY epoch, id FOR UPDATE`,
    [contactBis, [...patientBis, ...mergedBis]],
  );
}

/** A message that was routed to a patient, with how far each of its deliveries is. */
export interface AddressedMessage {
  readonly epoch: number;
  readonly id: string;
  readonly channel: string;
  readonly state: MessageState;
  readonly patientBi: Buffer;
  readonly address: number;
  readonly routed: Buffer;
  readonly deliveries: readonly { readonly destination: string; readonly state: string; readonly inDoubt: boolean }[];
}

/** Those that a change of their patient concerns; of one that is withdrawn nothing is left to follow. */
export async function addressedMessages(db: Queryable, patientBis: readonly Buffer[]): Promise<AddressedMessage[]> {
  const { rows } = await db.query<AddressedMessage>(
    `SELECT epoch, id, channel, state, patient_bi AS "patientBi", address, routed,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('destination', destination, 'state', delivery.state,
           'inDoubt', in_doubt OR delivery.state = 'sending') ORDER BY destination), '[]')
         FROM delivery WHERE delivery.epoch = message.epoch AND delivery.message_id = message.id
           AND delivery.filing = message.filing) AS deliveries
     FROM message WHERE patient_bi = ANY ($1::bytea[]) AND state IN ('routed', 'failed', 'filed') AND routed IS NOT NULL
       AND NOT EXISTS (SELECT FROM delivery WHERE delivery.epoch = message.epoch
         AND delivery.message_id = message.id AND delivery.filing = message.filing AND delivery.purpose = 'withdraw')
     ORDER BY id`,
    [patientBis],
  );
  return rows;
}

/** Where a message goes from now on; a delivery that may have been sent still goes where it went. */
export interface Readdressed {
  readonly epoch: number;
  readonly id: string;
  readonly patientBi: Buffer | null;
  readonly address: number;
  readonly routed: Buffer;
}

export async function writeReaddressed(db: Queryable, messages: readonly Readdressed[]): Promise<void> {
  if (messages.length === 0) return;
  await db.query(
    `UPDATE message SET patient_bi = new.patient_bi, address = new.address, routed = new.routed
     FROM unnest($1::bigint[], $2::uuid[], $3::bytea[], $4::int[], $5::bytea[]) AS new (epoch, id, patient_bi, address, routed)
     WHERE message.epoch = new.epoch AND message.id = new.id`,
    columns(messages, ["epoch", "id", "patientBi", "address", "routed"]),
  );
}

/** Which of these messages have another address than the one a delivery of them was taken with. */
export async function readdressedSince(
  db: Queryable,
  taken: readonly { readonly epoch: number; readonly messageId: string; readonly address: number }[],
): Promise<Set<string>> {
  if (taken.length === 0) return new Set();
  const { rows } = await db.query<{ id: string }>(
    `SELECT message.id FROM message JOIN unnest($1::bigint[], $2::uuid[], $3::int[]) AS taken (epoch, id, address)
       ON message.epoch = taken.epoch AND message.id = taken.id AND message.address > taken.address`,
    columns(taken, ["epoch", "messageId", "address"]),
  );
  return new Set(rows.map(({ id }) => id));
}
