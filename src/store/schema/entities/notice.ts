import { EntitySchema } from "typeorm";
import { bigint, bytes, integer, json, key, nullable, text, time, uuid } from "./columns.ts";

export const NoticeEntity = new EntitySchema({
  name: "notice",
  columns: {
    epoch: key(bigint, "notice"),
    id: key(uuid, "notice"),
    seq: bigint,
    event_id: uuid,
    channel: text,
    kind: text,
    field: text,
    event: text,
    codes: json,
    level: text,
    about: nullable(uuid),
    received_at: time,
    happened_at: time,
    retain_until: time,
    sealed: bytes,
  },
  indices: [
    { name: "notice_newest", columns: ["seq"] },
    { name: "notice_by_retention", columns: ["retain_until"] },
  ],
});

/** Outlives the notices it was made from: nothing here is personal. */
export const OutboundStatusEntity = new EntitySchema({
  name: "outbound_status",
  columns: {
    external_bi: key(bytes, "outbound_status"),
    participant_bi: key(bytes, "outbound_status"),
    id: uuid,
    channel: text,
    state: text,
    rank: integer,
    reached_at: time,
    codes: json,
    updated_at: time,
  },
  indices: [
    { name: "outbound_status_by_id", columns: ["id"] },
    { name: "outbound_status_newest", columns: ["updated_at", "id"] },
  ],
});
