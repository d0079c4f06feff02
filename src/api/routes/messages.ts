import { reprocessMessage as processAgain } from "#src/decisions/reprocess.ts";
import { browse } from "../browse.ts";
import { impersonal, leaveToRead } from "../content-right.ts";
import { messageParams } from "../message-id.ts";
import {
  contentQuerySchema,
  messageDetailSchema,
  messageListSchema,
  messageQuerySchema,
  type MessageDetailView,
} from "../message-schema.ts";
import { showMessage as readMessage } from "../message-view.ts";
import { notFound, Problem } from "../problem.ts";
import { json, route, type RouteContext } from "../route.ts";

// The message browser: list, look, process again.

export const listMessages = route({
  operationId: "listMessages",
  tag: "messages",
  method: "get",
  path: "/api/v1/messages",
  right: "messages.read",
  summary: "Lists messages, newest first",
  details: "`external_id` is null for whoever lacks the right `identifiers.read`.",
  query: messageQuerySchema,
  answer: json("MessageList", messageListSchema, "A page."),
  handle: ({ query }, context) => browse(context, query),
});

export const showMessage = route({
  operationId: "showMessage",
  tag: "messages",
  method: "get",
  path: "/api/v1/messages/:id",
  right: "messages.read",
  summary: "Shows a message with its history, attachments and deliveries",
  details:
    "`?content=true` adds the content, takes the right `content.read`, or leave given by another person (`/api/v1/content-grants`), and the journal keeps who read it.",
  params: messageParams,
  names: "message",
  query: contentQuerySchema,
  answer: json("Message", messageDetailSchema, "The message."),
  handle: ({ params, query }, context) => look(context, params.id, query.content === "true"),
});

export const reprocessMessage = route({
  operationId: "reprocessMessage",
  tag: "messages",
  method: "post",
  path: "/api/v1/messages/:id/reprocess",
  right: "messages.reprocess",
  summary: "Processes a held, filtered, failed or withdrawn message again, and tries at once what waits",
  details:
    "Held and filtered messages go through the pipeline again, and withdrawn ones, which are filed under new ids then; " +
    "failed ones are sent again, and routed ones where a destination accepted and does not show them.",
  params: messageParams,
  names: "message",
  answer: json("Message", messageDetailSchema, "The message as it is now.", 202),
  problems: { 409: "It is filed, or purged." },
  handle: ({ params }, context) => reprocess(context, params.id),
});

async function look(context: RouteContext, id: string, withContent: boolean): Promise<MessageDetailView> {
  const { deps, principal } = context;
  const bare = await readMessage(deps, id);
  if (!bare) throw notFound("message");
  if (!withContent) return impersonal(principal, bare);
  const leave = await leaveToRead(context, bare);
  const message = (await readMessage(deps, id, withContent)) ?? bare;
  if (message.content) {
    // Nobody sees content of which the journal does not know.
    const detail = { channel: message.channel, ...leave };
    const entry = { action: "content.read", subject: id, detail } as const;
    await deps.store.transaction((db) => context.journal(entry, db));
  }
  return impersonal(principal, message);
}

async function reprocess(context: RouteContext, id: string): Promise<MessageDetailView> {
  const { deps } = context;
  const outcome = await deps.store.transaction(async (db) => {
    const moved = await processAgain(db, id, new Date(deps.now()));
    if (moved === "again") await context.journal({ action: "message.reprocessed", subject: id, detail: {} }, db);
    return moved;
  });
  const message = await readMessage(deps, id);
  if (!message) throw notFound("message");
  if (outcome !== "again") {
    const detail =
      "A filed message is sent again to one destination by its own address (…/deliveries/{destination}/resend).";
    throw new Problem(409, "problem:not-reprocessable", "Cannot be processed again", detail);
  }
  deps.wake(message.channel);
  return impersonal(context.principal, message);
}
