import { z } from "zod";
import { channelId } from "./message-schema.ts";
import { pauseSchema } from "./pause-view.ts";

const instant = z.iso.datetime();
const laneState = z
  .enum(["parked", "retrying", "working", "waiting"])
  .describe("Stopped for a person; waiting to try again; held by an engine; due.");

export const laneQuerySchema = z.strictObject({
  state: laneState.optional(),
  channel: channelId.optional(),
  stage: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,63}$/, "Not a stage")
    .optional()
    .describe("`prepare`, or the id of a destination."),
  code: z
    .string()
    .regex(/^[A-Z0-9_]{1,63}$/, "Not an error code")
    .optional(),
  limit: z.coerce.number().int().min(1).max(500).default(200).describe("So many at most; there is no second page."),
});

export const errorSchema = z.strictObject({
  code: z.string(),
  class: z
    .enum(["transient", "ambiguous", "permanent"])
    .nullable()
    .describe("Null for a code that is not known any more."),
  meaning: z.string(),
  remedy: z.string(),
  detail: z.string().describe("What was being done; ids only."),
});

const lane = z.strictObject({
  id: z.string(),
  channel: z.string(),
  stage: z.string(),
  conversation: z.hex().describe("Keyed hash: equal for the same conversation, and nothing more."),
  state: laneState,
  open: z.int().describe("Messages in it."),
  opened_at: instant,
  parked_at: instant.nullable(),
  reason: z.string().nullable().describe("Why it was parked: an error code, or `person`."),
  failures: z.int().describe("Tries in a row that failed."),
  due_in_ms: z.int(),
  code: z.string().nullable().describe("The head's error code."),
});

export const laneListSchema = z.strictObject({
  items: z.array(lane).describe("Those that wait for a person first, then those that fail, then by age."),
  counts: z.record(z.string(), z.int()).describe("All lanes by state, whatever the filter."),
});

const work = z.strictObject({
  message: z.uuid(),
  kind: z.string(),
  received_at: instant,
  delivery: z.string().nullable().describe("State of its delivery here; null while it is prepared."),
  purpose: z.enum(["file", "addendum", "withdraw"]).nullable(),
  attempts: z.int(),
  in_doubt: z.boolean().describe("An attempt may have arrived: the identical bytes go out again."),
});

export const laneDetailSchema = lane.extend({
  paused: pauseSchema,
  lease: z.strictObject({ engine: z.string(), ends_in_ms: z.int() }).nullable().describe("The engine at work on it."),
  head: work.nullable().describe("What everything else waits for."),
  error: errorSchema.nullable(),
  behind: z.array(work).describe("The next ones, in their order."),
  elsewhere: z.array(lane.pick({ id: true, stage: true, state: true, open: true })).describe("The same conversation."),
  same_error: z.strictObject({ lanes: z.int(), examples: z.array(z.string()) }),
  breakers: z
    .array(z.strictObject({ engine: z.string(), failures: z.int(), probe_in_ms: z.int() }))
    .describe("Engines that hold the destination back because it was down for them."),
});

export type LaneView = z.infer<typeof lane>;
export type LaneDetailView = z.infer<typeof laneDetailSchema>;
export type LaneQuery = z.infer<typeof laneQuerySchema>;
