import { z } from "zod";
import { OUTBOUND_STATES, type OutboundState } from "#src/message/outbound-status.ts";
import { cursor } from "./cursor.ts";
import { channelId, externalId } from "./message-schema.ts";
import { pageLimit } from "./query.ts";

const instant = z.iso.datetime().describe("ISO 8601, UTC.");
const kind = z.enum(["operator", "status"]);
const level = z.enum(["info", "warn", "error"]);
const codes = z.array(z.string()).describe("The provider's error codes.");
const outboundState = z.enum(OUTBOUND_STATES as [OutboundState, ...OutboundState[]]);

export const noticeQuerySchema = z.strictObject({
  channel: channelId.optional(),
  kind: kind.optional().describe("`operator`: for operators; `status`: how far a sent message has come."),
  field: z
    .string()
    .max(64, "Too long")
    .regex(/^\w*$/, "Not a field")
    .optional()
    .describe("The provider's field: account_update, errors, statuses."),
  level: level.optional().describe("`error`: messages are being lost."),
  after: cursor.optional().describe("`next` of the page before."),
  limit: pageLimit,
});

export type NoticeQuery = z.infer<typeof noticeQuerySchema>;

export const noticeSchema = z.strictObject({
  id: z.uuid(),
  channel: z.string(),
  kind,
  field: z.string(),
  event: z.string().describe("What happened, in the provider's word."),
  codes,
  level,
  about: z.uuid().nullable().describe("Id of the outbound status it reports on."),
  received_at: instant,
  happened_at: instant,
});

export type NoticeView = z.infer<typeof noticeSchema>;

export const noticeListSchema = z.strictObject({
  items: z.array(noticeSchema).describe("Newest first."),
  next: z.string().nullable().describe("Pass as `after` for the next page; null at the end."),
});

export const noticeDetailSchema = noticeSchema.extend({
  content: z
    .unknown()
    .optional()
    .describe("Only with `content=true`: the provider's own element, untouched. May be personal."),
});

export type NoticeDetailView = z.infer<typeof noticeDetailSchema>;

export const statusQuerySchema = z.strictObject({
  channel: channelId.optional(),
  external_id: externalId.optional().describe("The provider's id of the sent message: a wamid."),
  limit: pageLimit,
});

export type StatusQuery = z.infer<typeof statusQuerySchema>;

export const statusSchema = z.strictObject({
  id: z.uuid(),
  channel: z.string(),
  state: outboundState.describe("Never goes back, whatever order reports come in."),
  reached_at: instant,
  codes,
  updated_at: instant,
});

export type StatusView = z.infer<typeof statusSchema>;

export const statusListSchema = z.strictObject({
  items: z.array(statusSchema).describe("Last changed first; a message to a group has one for each participant."),
});
