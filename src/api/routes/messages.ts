import { listMessages as readMessages, type MessageSummary } from "#src/store/sql/messages.ts";
import { reprocessMessage as processAgain } from "#src/decisions/reprocess.ts";
import { encodeCursor } from "../cursor.ts";
import { impersonal, mustRead } from "../content-right.ts";
import { messageParams } from "../message-id.ts";
import {
  contentQuerySchema,
  messageDetailSchema,
  messageListSchema,
  messageQuerySchema,
  type MessageDetailView,
  type MessageQuery,
} from "../message-schema.ts";
import { showListed, showMessage as readMessage } from "../message-view.ts";
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
  details: "`?content=true` adds the content, takes the right `content.read`, and the journal keeps who read it.",
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
  summary: "Processes a held, filtered or failed message again",
  details:
    "Held and filtered messages go through the pipeline again, failed ones are sent again, and routed ones where a " +
    "destination accepted and does not show them.",
  params: messageParams,
  names: "message",
  answer: json("Message", messageDetailSchema, "The message as it is now.", 202),
  problems: { 409: "Its state does not allow it." },
  handle: ({ params }, context) => reprocess(context, params.id),
});

async function browse(context: RouteContext, query: MessageQuery) {
  const { deps, principal } = context;
  const { limit, external_id: externalId } = query;
  // One more than asked for tells whether there is another page.
  const rows = await find(context, query, limit + 1);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const items = await Promise.all(page.map((row) => showListed(deps, row)));
  const told = items.map((item) =>
    externalId !== undefined && item.state === "purged" ? { ...item, external_id: externalId } : item,
  );
  return {
    items: told.map((item) => impersonal(principal, item)),
    next: rows.length > limit && last ? encodeCursor(last.seq) : null,
  };
}

async function find(
  { deps, channels: mine }: RouteContext,
  query: MessageQuery,
  limit: number,
): Promise<MessageSummary[]> {
  const { state, channel, external_id: externalId, after: before } = query;
  if (externalId === undefined) return readMessages(deps.store, { state, channel, channels: mine, before, limit });
  // The keyed hash covers the channel, so every channel that may have received the id is asked.
  const channels = (channel === undefined ? deps.channels().map(({ id }) => id) : [channel]).filter(
    (id) => mine?.includes(id) ?? true,
  );
  const found = await Promise.all(
    channels.map((id) => {
      const externalBi = deps.blindIndex.of("external-id", id, externalId);
      return readMessages(deps.store, { state, channel: id, externalBi, before, limit });
    }),
  );
  return found
    .flat()
    .sort((a, b) => b.seq - a.seq)
    .slice(0, limit);
}

async function look(context: RouteContext, id: string, withContent: boolean): Promise<MessageDetailView> {
  const { deps, principal } = context;
  if (withContent) mustRead(context);
  const message = await readMessage(deps, id, withContent);
  if (!message) throw notFound("message");
  if (withContent) mustRead(context, message.channel);
  if (message.content) {
    // Nobody sees content of which the journal does not know.
    const entry = { action: "content.read", subject: id, detail: { channel: message.channel } } as const;
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
      "Only held, filtered and failed messages can be processed again, and routed ones that a destination accepted and does not show.";
    throw new Problem(409, "problem:not-reprocessable", "Cannot be processed again", detail);
  }
  deps.wake(message.channel);
  return impersonal(context.principal, message);
}
