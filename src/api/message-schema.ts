import { z } from "zod";
import { MESSAGE_MOVES, DELIVERY_MOVES, type DeliveryState, type MessageState } from "#src/message/state.ts";
import type { MessageFilter } from "#src/store/sql/list-messages.ts";
import { attachmentSchema } from "./attachment-view.ts";
import { cursor } from "./cursor.ts";
import { pageLimit } from "./query.ts";

const messageState = z.enum(Object.keys(MESSAGE_MOVES) as [MessageState, ...MessageState[]]);
const deliveryState = z.enum(Object.keys(DELIVERY_MOVES) as [DeliveryState, ...DeliveryState[]]);
const instant = z.iso.datetime().describe("ISO 8601, UTC.");

export const channelId = z
  .string()
  .regex(/^[a-z0-9-]{1,63}$/, "Not a channel id")
  .describe("Channel id.");
const word = z.string().regex(/^[A-Za-z0-9_.-]{1,63}$/, "Not a name");
export const externalId = z.string().max(1024, "Too long");

export const messageQuerySchema = z.strictObject({
  state: messageState.optional(),
  channel: channelId.optional(),
  reason: word.optional().describe("Why it is held."),
  kind: word.optional(),
  destination: word.optional().describe("It has a delivery there."),
  code: z
    .string()
    .regex(/^[A-Z0-9_]{1,63}$/, "Not an error code")
    .optional()
    .describe("Its last error has this code, or that of a delivery (at `destination`, where that is given)."),
  from: z.iso.datetime({ offset: true }).optional().describe("Received at or after."),
  until: z.iso.datetime({ offset: true }).optional().describe("Received before."),
  external_id: externalId.optional().describe("The source's own id: a wamid, an MSH-10."),
  after: cursor.optional().describe("`next` of the page before."),
  limit: pageLimit,
});

export type MessageQuery = z.infer<typeof messageQuerySchema>;

/** Which messages are meant, without a keyed hash or a place in the list. */
export const messageFilterSchema = messageQuerySchema.omit({ external_id: true, after: true, limit: true });

/** A filter as the store takes it. */
export function filterOf({ from, until, ...rest }: z.infer<typeof messageFilterSchema>): Omit<MessageFilter, "limit"> {
  return {
    ...rest,
    ...(from !== undefined && { from: new Date(from) }),
    ...(until !== undefined && { until: new Date(until) }),
  };
}

export const contentQuerySchema = z.strictObject({
  content: z
    .enum(["true", "false"])
    .optional()
    .describe("`true` adds the content; the journal keeps that it was read."),
});

export const messageSchema = z.strictObject({
  id: z.uuid(),
  channel: z.string(),
  kind: z.string(),
  external_id: z.string().nullable().describe("The source's own id; null once purged, unless it was asked for by it."),
  state: messageState,
  reason: z.string().nullable().describe("Why it is held, or was withdrawn."),
  received_at: instant,
  filed_at: instant.nullable(),
});

export type MessageView = z.infer<typeof messageSchema>;

export const messageListSchema = z.strictObject({
  items: z.array(messageSchema).describe("Newest first."),
  next: z
    .string()
    .nullable()
    .describe(
      "Pass as `after` for the next page; null at the end. A filter that no index answers stops after a while: a page may have fewer items than `limit`, or none, and still a next one.",
    ),
});

export const deliverySchema = z.strictObject({
  destination: z.string(),
  purpose: z
    .enum(["file", "addendum", "withdraw"])
    .describe(
      "`addendum`: what came late of it, or that it never came; `withdraw`: takes out of the chart what `file` put there.",
    ),
  filing: z.int().describe("1, and one more each time the message was filed anew after a withdrawal."),
  state: deliveryState,
  attempts: z.int(),
  last_error: z.string().nullable().describe("Error code and sentence."),
  receipt: z.unknown().describe("What the destination answered; null before, and once purged."),
  confirmation: z.unknown().describe("The independent read of what it holds; null before, and once purged."),
  said: z
    .strictObject({ at: instant, text: z.string() })
    .nullable()
    .optional()
    .describe(
      "Only with `content=true`: the destination's own words when it last did not take it (MSA-3, ERR-8, OperationOutcome).",
    ),
});

export type DeliveryView = z.infer<typeof deliverySchema>;

const contact = z
  .looseObject({ phone: z.string().optional(), userId: z.string().optional(), displayName: z.string().optional() })
  .nullable();

export const contentSchema = z.strictObject({
  content: z.looseObject({ kind: z.string() }).describe("As mappings see it."),
  sender: contact.describe("As mappings see it; null where nobody wrote, or the hospital did."),
  recipient: contact.describe("Whom the hospital wrote to or called from its own phone; null otherwise."),
  circumstances: z
    .looseObject({})
    .nullable()
    .describe("How the message came about: forwarded, from an advertisement, about a product, in a group."),
  sent_at: instant,
  reply_to: z.string().nullable().describe("The source's id of the message this one answers."),
  raw: z.unknown().describe("The source's own element, untouched."),
});

export type ContentView = z.infer<typeof contentSchema>;

export const messageDetailSchema = messageSchema.extend({
  history: z.array(z.strictObject({ state: messageState, at: instant })),
  last_error: z.string().nullable().describe("Why it waits or is held: error code and sentence."),
  attachments: z.array(attachmentSchema).describe("Empty once purged."),
  deliveries: z.array(deliverySchema),
  content: contentSchema.nullable().optional().describe("Only with `content=true`; null once purged."),
});

export type MessageDetailView = z.infer<typeof messageDetailSchema>;
