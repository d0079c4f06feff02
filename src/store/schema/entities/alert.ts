import { EntitySchema } from "typeorm";
import { double, integer, key, nullable, text, time, uuid } from "./columns.ts";

/** An alert of a rule about one subject; open until `closed_at`. Nothing personal. */
export const AlertEntity = new EntitySchema({
  name: "alert",
  columns: {
    id: key(uuid, "alert"),
    rule: text,
    subject: text,
    severity: text,
    value: double,
    opened_at: time,
    /** When an engine last found it so; not refreshed, it closes. */
    seen_at: time,
    closed_at: nullable(time),
    /** When its targets were told that it opened; absent while silenced. */
    announced_at: nullable(time),
    acknowledged_at: nullable(time),
    escalated_at: nullable(time),
  },
  indices: [
    { name: "alert_open", columns: ["rule", "subject"], unique: true, where: "(closed_at IS NULL)" },
    { name: "alert_by_time", columns: ["opened_at"] },
  ],
});

/** What a target has still to be told. */
export const AlertTellingEntity = new EntitySchema({
  name: "alert_telling",
  columns: {
    id: key(uuid, "alert_telling"),
    alert_id: uuid,
    target: text,
    occasion: text,
    due_at: time,
    attempts: { ...integer, default: 0 },
  },
  indices: [{ name: "alert_telling_due", columns: ["due_at"] }],
});

/** A maintenance window: alerts open and close, and nobody is told of those that open. */
export const SilenceEntity = new EntitySchema({
  name: "silence",
  columns: {
    id: key(uuid, "silence"),
    /** Null: every rule. */
    rule: nullable(text),
    reason: text,
    begins_at: time,
    ends_at: time,
  },
  indices: [{ name: "silence_by_end", columns: ["ends_at"] }],
});
