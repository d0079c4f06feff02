import { EntitySchema } from "typeorm";
import { bool, bytes, key, nullable, text, time, uuid } from "./columns.ts";

/** Sealed under the directory's key; found by keyed hashes. */
export const ContactEntity = new EntitySchema({
  name: "contact",
  columns: {
    id: key(uuid, "contact"),
    channel: text,
    phone_bi: nullable(bytes),
    user_bi: nullable(bytes),
    since: time,
    disputed: bool,
    key_changed_at: nullable(time),
    seen_on: { type: "date" },
    sealed: bytes,
  },
  indices: [
    { name: "contact_by_phone", columns: ["channel", "phone_bi"], unique: true },
    { name: "contact_by_user", columns: ["channel", "user_bi"], unique: true },
    { name: "contact_by_day", columns: ["channel", "seen_on"] },
  ],
});

export const NumberLeftEntity = new EntitySchema({
  name: "number_left",
  columns: { phone_bi: key(bytes, "number_left"), left_at: time },
});

export const ContactMoveEntity = new EntitySchema({
  name: "contact_move",
  columns: { from_bi: key(bytes, "contact_move"), to_bi: bytes, at: time, heard_at: time },
  indices: [{ name: "contact_move_by_to", columns: ["to_bi"] }],
});
