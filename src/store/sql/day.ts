import type { Absence } from "#src/message/attachment.ts";
import type { MessageKind } from "#src/message/content.ts";
import type { Queryable } from "../queryable.ts";
import type { PreparedRow, ReceivedRow } from "./prepare.ts";

/** A message that was routed into the document of its conversation and day. */
export interface MessageOfDay {
  readonly epoch: number;
  readonly id: string;
  readonly seq: number;
  readonly patientBi: Buffer | null;
  readonly address: number;
  readonly routed: Buffer;
  /** Of all its attachments. */
  readonly bytes: number;
  /** Its attachments that are not there, by id. */
  readonly absent: Readonly<Record<string, Absence>> | null;
}

/** What is here of a conversation's day, in order. `day` is an ISO date. */
export async function messagesOfDay(
  db: Queryable,
  { channel, laneKey }: Pick<ReceivedRow, "channel" | "laneKey">,
  day: string,
): Promise<MessageOfDay[]> {
  const { rows } = await db.query<MessageOfDay>(
    `SELECT epoch, id, seq, patient_bi AS "patientBi", address, routed,
       (SELECT coalesce(sum(bytes), 0)::bigint FROM attachment WHERE message_id = message.id) AS bytes,
       (SELECT jsonb_object_agg(id, verdict) FROM attachment WHERE message_id = message.id
         AND verdict IN ('late', 'missing', 'left_out', 'quarantined')) AS absent
     FROM message WHERE channel = $1 AND lane_key = $2 AND day = $3::date AND state IN ('routed', 'filed', 'failed')
     ORDER BY seq`,
    [channel, laneKey, day],
  );
  return rows;
}

/** A stored message as it is opened again. */
export interface SealedMessage {
  readonly epoch: number;
  readonly id: string;
  readonly channel: string;
  readonly kind: MessageKind;
  readonly receivedAt: Date;
  readonly sealed: Buffer;
  readonly externalId: Buffer;
}

export async function readSealed(db: Queryable, ids: readonly string[]): Promise<SealedMessage[]> {
  const { rows } = await db.query<SealedMessage>(
    `SELECT epoch, id, channel, kind, received_at AS "receivedAt", sealed, external_id AS "externalId"
     FROM message WHERE id = ANY ($1::uuid[])`,
    [ids],
  );
  return rows;
}

/**
 * Which prepared messages continue a document of which something was purged, or went to another patient, since it was
 * read. Runs in the transaction that writes them, under the directory's lock; a purge that comes after it sees them.
 * The state is asked for in a form that no index answers, as in prepare.ts.
 */
export async function brokenDays(db: Queryable, prepared: readonly PreparedRow[]): Promise<Set<string>> {
  const continuing = prepared.filter(({ earlier }) => earlier.length > 0);
  if (continuing.length === 0) return new Set();
  const parts = continuing.flatMap(({ id, earlier, patientBi }) => earlier.map((part) => ({ id, part, patientBi })));
  const { rows } = await db.query<{ id: string }>(
    `SELECT DISTINCT needed.id FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) AS needed (id, part, patient_bi)
     WHERE NOT EXISTS (SELECT FROM message WHERE message.id = needed.part AND message.patient_bi = needed.patient_bi
       AND message.address = 0 AND lower(message.state) IN ('routed', 'filed', 'failed'))`,
    [parts.map(({ id }) => id), parts.map(({ part }) => part), parts.map(({ patientBi }) => patientBi)],
  );
  return new Set(rows.map(({ id }) => id));
}
