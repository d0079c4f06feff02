import { EntitySchema } from "typeorm";
import { integer, json, key, nullable, text, time, uuid } from "./columns.ts";

/** An engine on this database, as it said of itself last; forgotten a day after it was heard of. */
export const EngineEntity = new EntitySchema({
  name: "engine",
  columns: { owner: key(text, "engine"), started_at: time, seen_at: time, clock_at: time, report: json },
});

/** A decision about many messages, frozen when it was asked for; forgotten a week later. Ids only. */
export const BulkEntity = new EntitySchema({
  name: "bulk",
  columns: {
    id: key(uuid, "bulk"),
    at: time,
    actor: text,
    filter: json,
    state: text,
    total: integer,
    seen_at: time,
  },
});

export const BulkItemEntity = new EntitySchema({
  name: "bulk_item",
  columns: {
    bulk_id: key(uuid, "bulk_item"),
    ordinal: key(integer, "bulk_item"),
    message_id: uuid,
    outcome: nullable(text),
  },
  foreignKeys: [
    {
      name: "bulk_item_of",
      target: "bulk",
      columnNames: ["bulk_id"],
      referencedColumnNames: ["id"],
      onDelete: "CASCADE",
    },
  ],
});
