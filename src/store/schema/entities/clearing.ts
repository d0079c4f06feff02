import { EntitySchema } from "typeorm";
import { bytes, integer, json, key, nullable, text, time, uuid } from "./columns.ts";

/** What one contact wrote in one conversation and is held; ids, keyed hashes and times. Closed ones go after 30 days. */
export const ClearingTaskEntity = new EntitySchema({
  name: "clearing_task",
  columns: {
    id: key(uuid, "clearing_task"),
    channel: text,
    lane_key: bytes,
    contact_bi: bytes,
    opened_at: time,
    due_at: time,
    escalate_at: time,
    escalated_at: nullable(time),
    locked_at: nullable(time),
    wanted: nullable(text),
    wanted_at: nullable(time),
    proposal: nullable(json),
    proposed_at: nullable(time),
    proposed_by: nullable(text),
    proposer_bi: nullable(bytes),
    closed_at: nullable(time),
    closed_as: nullable(text),
  },
  indices: [
    {
      name: "clearing_task_open",
      columns: ["channel", "lane_key", "contact_bi"],
      unique: true,
      where: `"closed_at" IS NULL`,
    },
    { name: "clearing_task_by_age", columns: ["opened_at", "id"], where: `"closed_at" IS NULL` },
    { name: "clearing_task_closed", columns: ["closed_at"], where: `"closed_at" IS NOT NULL` },
  ],
});

function ofTask(name: string) {
  return {
    name,
    target: "clearing_task",
    columnNames: ["task_id"],
    referencedColumnNames: ["id"],
    onDelete: "CASCADE" as const,
  };
}

/** How often somebody typed what did not match. */
export const ClearingMissEntity = new EntitySchema({
  name: "clearing_miss",
  columns: {
    task_id: key(uuid, "clearing_miss"),
    actor: key(text, "clearing_miss"),
    misses: integer,
    last_at: time,
  },
  indices: [{ name: "clearing_miss_by_actor", columns: ["actor", "last_at"] }],
  foreignKeys: [ofTask("clearing_miss_of")],
});

/** That somebody typed two identifiers which match one patient: for ten minutes. */
export const ClearingProofEntity = new EntitySchema({
  name: "clearing_proof",
  columns: { id: key(uuid, "clearing_proof"), task_id: uuid, actor: text, patient_id: uuid, until: time },
  indices: [{ name: "clearing_proof_of_task", columns: ["task_id"] }],
  foreignKeys: [ofTask("clearing_proof_of")],
});
