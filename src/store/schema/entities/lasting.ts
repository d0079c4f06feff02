import { EntitySchema } from "typeorm";
import { bigint, bytes, integer, json, key, nullable, text, time, uuid } from "./columns.ts";

/** What outlives the content: nothing here is personal. */
export const EpochEntity = new EntitySchema({
  name: "epoch",
  columns: {
    id: key(bigint, "epoch"),
    ends_at: time,
    state: { ...text, default: "open" },
    survivors: { ...integer, default: 0 },
    purge_id: nullable(uuid),
  },
});

export const SeenEntity = new EntitySchema({
  name: "seen",
  columns: { hash: key(uuid, "seen"), message_id: uuid, first_seen: time },
});

export const TombstoneEntity = new EntitySchema({
  name: "tombstone",
  columns: {
    message_id: key(uuid, "tombstone"),
    seq: bigint,
    channel: text,
    kind: text,
    external_bi: bytes,
    received_at: time,
    filed_at: nullable(time),
    purged_at: time,
    purge_id: uuid,
    history: json,
    deliveries: json,
  },
  indices: [
    { name: "tombstone_by_seq", columns: ["seq"] },
    { name: "tombstone_by_external_id", columns: ["external_bi"] },
  ],
});

export const PurgeEntity = new EntitySchema({
  name: "purge",
  columns: {
    id: key(uuid, "purge"),
    epoch: bigint,
    at: time,
    destroyed: integer,
    survivors: integer,
    certificate: json,
    signature: bytes,
  },
  indices: [{ name: "purge_by_time", columns: ["at"] }],
});

export const JournalEntity = new EntitySchema({
  name: "journal",
  columns: {
    seq: key(bigint, "journal"),
    at: time,
    action: text,
    actor: text,
    subject: text,
    detail: json,
    salt: bytes,
    hash: bytes,
    who: nullable(bytes),
  },
  indices: [{ name: "journal_by_time", columns: ["at"] }],
});

/** What was sent before the directory learned that its patient is another: for the KIS's people to check. */
export const RehomingEntity = new EntitySchema({
  name: "rehoming",
  columns: {
    seq: key(bigint, "rehoming"),
    at: time,
    message_id: uuid,
    channel: text,
    kind: text,
    destinations: json,
    from_bi: bytes,
    to_bi: nullable(bytes),
    withdrawn_at: nullable(time),
  },
  indices: [{ name: "rehoming_by_message", columns: ["message_id"] }],
});

/** How far the journal was sent by syslog, and which engine does it. */
export const JournalFeedEntity = new EntitySchema({
  name: "journal_feed",
  columns: {
    name: key(text, "journal_feed"),
    seq: bigint,
    owner: text,
    leased_until: time,
  },
});
