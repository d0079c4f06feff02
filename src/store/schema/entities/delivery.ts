import { EntitySchema } from "typeorm";
import { bigint, bool, bytes, integer, key, nullable, text, time, uuid } from "./columns.ts";

export const DeliveryEntity = new EntitySchema({
  name: "delivery",
  columns: {
    epoch: key(bigint, "delivery"),
    message_id: key(uuid, "delivery"),
    destination: key(text, "delivery"),
    purpose: { ...key(text, "delivery"), default: "file" },
    filing: { ...key(integer, "delivery"), default: 1 },
    channel: text,
    lane_key: bytes,
    seq: bigint,
    state: text,
    attempts: { ...integer, default: 0 },
    last_error: nullable(text),
    mapping_version: nullable(text),
    sent_sha256: nullable(text),
    queued_at: time,
    accepted_at: nullable(time),
    confirmed_at: nullable(time),
    confirm_at: nullable(time),
    receipt: nullable(bytes),
    confirmation: nullable(bytes),
    said: nullable(bytes),
    address: { ...integer, default: 0 },
    in_doubt: { ...bool, default: false },
    suspicion: { ...integer, default: 0 },
  },
  indices: [
    {
      name: "delivery_in_lane",
      columns: ["channel", "destination", "lane_key", "seq"],
      where: `"state" IN ('queued', 'sending', 'retrying')`,
    },
    { name: "delivery_with_error", columns: ["seq"], where: `"last_error" IS NOT NULL` },
    { name: "delivery_to_confirm", columns: ["confirm_at"], where: `"state" = 'accepted'` },
  ],
});

export const LaneEntity = new EntitySchema({
  name: "lane",
  columns: {
    channel: key(text, "lane"),
    stage: key(text, "lane"),
    key: key(bytes, "lane"),
    open: integer,
    opened_at: time,
    ready_at: time,
    failures: { ...integer, default: 0 },
    token: bigint,
    owner: nullable(text),
    parked_at: nullable(time),
    stopped_at: nullable(time),
    reason: nullable(text),
    suspicion: { ...integer, default: 0 },
    suspects: { ...integer, default: 0 },
  },
  indices: [{ name: "lane_ready", columns: ["channel", "stage", "ready_at"], where: `"parked_at" IS NULL` }],
});
