import { EntitySchema } from "typeorm";
import { key, text, time } from "./columns.ts";

/** A channel that a person has stopped for a time. Nothing personal: who it was is in the journal. */
export const ChannelPauseEntity = new EntitySchema({
  name: "channel_pause",
  columns: {
    channel: key(text, "channel_pause"),
    reason: text,
    begins_at: time,
    ends_at: time,
  },
});
