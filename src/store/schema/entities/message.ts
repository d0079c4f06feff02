import { EntitySchema } from "typeorm";
import { bigint, bytes, date, integer, json, key, nullable, text, time, uuid } from "./columns.ts";

export const EventEntity = new EntitySchema({
  name: "event",
  columns: {
    epoch: key(bigint, "event"),
    id: key(uuid, "event"),
    channel: text,
    received_at: time,
    raw: bytes,
  },
});

export const MessageEntity = new EntitySchema({
  name: "message",
  columns: {
    epoch: key(bigint, "message"),
    id: key(uuid, "message"),
    seq: bigint,
    channel: text,
    kind: text,
    event_id: uuid,
    lane_key: bytes,
    external_bi: bytes,
    contact_bi: nullable(bytes),
    patient_bi: nullable(bytes),
    state: text,
    reason: nullable(text),
    received_at: time,
    state_at: time,
    attempts: { ...integer, default: 0 },
    last_error: nullable(text),
    filed_at: nullable(time),
    retain_until: nullable(time),
    restricted_at: nullable(time),
    history: json,
    sealed: bytes,
    external_id: bytes,
    routed: nullable(bytes),
    address: { ...integer, default: 0 },
    day: nullable(date),
    filing: { ...integer, default: 1 },
    withdrawal: nullable(text),
    link_id: nullable(uuid),
  },
  indices: [
    { name: "message_newest", columns: ["seq"] },
    { name: "message_by_state", columns: ["state", "channel", "seq"] },
    { name: "message_by_external_id", columns: ["external_bi"] },
    { name: "message_by_contact", columns: ["contact_bi"], where: `"contact_bi" IS NOT NULL` },
    { name: "message_by_patient", columns: ["patient_bi"], where: `"patient_bi" IS NOT NULL` },
    { name: "message_of_day", columns: ["channel", "lane_key", "day", "seq"], where: `"day" IS NOT NULL` },
    { name: "message_with_error", columns: ["seq"], where: `"last_error" IS NOT NULL` },
    { name: "message_held", columns: ["channel", "lane_key", "seq"], where: `"state" = 'held'` },
    { name: "message_to_prepare", columns: ["channel", "lane_key", "seq"], where: `("state" || '') = 'received'` },
  ],
});

export const AttachmentEntity = new EntitySchema({
  name: "attachment",
  columns: {
    epoch: key(bigint, "attachment"),
    id: key(uuid, "attachment"),
    message_id: uuid,
    ordinal: integer,
    verdict: text,
    bytes: nullable(bigint),
    sealed: bytes,
  },
  indices: [{ name: "attachment_by_message", columns: ["message_id"] }],
});

/** What could not be fetched when its message came. It outlives no message: what is waited for keeps it from its purge. */
export const AttachmentWaitEntity = new EntitySchema({
  name: "attachment_wait",
  columns: {
    attachment_id: key(uuid, "attachment_wait"),
    message_id: uuid,
    channel: text,
    state: text,
    since: time,
    attempts: { ...integer, default: 0 },
    taken: { ...integer, default: 0 },
    due_at: nullable(time),
    last_error: nullable(text),
  },
  indices: [
    { name: "attachment_wait_by_message", columns: ["message_id"] },
    { name: "attachment_wait_due", columns: ["due_at"], where: `"due_at" IS NOT NULL` },
  ],
});

/** Copies at the provider that are to be deleted; not partitioned, because the work outlives the epoch of its message. */
export const MediaDeletionEntity = new EntitySchema({
  name: "media_deletion",
  columns: {
    attachment_id: key(uuid, "media_deletion"),
    message_id: uuid,
    channel: text,
    sealed: bytes,
    noted_at: time,
    due_at: nullable(time),
    attempts: { ...integer, default: 0 },
  },
  indices: [
    { name: "media_deletion_by_message", columns: ["message_id"] },
    { name: "media_deletion_due", columns: ["due_at"], where: `"due_at" IS NOT NULL` },
    { name: "media_deletion_noted", columns: ["noted_at"] },
  ],
});
