import { Router } from "express";
import { listMessages, type MessageSummary } from "#src/store/sql/messages.ts";
import { reprocessMessage } from "#src/store/sql/reprocess.ts";
import { encodeCursor } from "../cursor.ts";
import type { ApiDeps } from "../deps.ts";
import { ACTOR, messageIdOf } from "../message-id.ts";
import {
  contentQuerySchema,
  messageQuerySchema,
  type MessageDetailView,
  type MessageQuery,
} from "../message-schema.ts";
import { showListed, showMessage } from "../message-view.ts";
import { methodNotAllowed, notFound, Problem } from "../problem.ts";
import { readQuery } from "../query.ts";

/** The message browser: list, look, process again. */
export function messageRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route("/messages")
    .get(async (request, response) => {
      response.json(await browse(deps, readQuery(messageQuerySchema, request)));
    })
    .all(methodNotAllowed("GET"));
  router
    .route("/messages/:id")
    .get(async (request, response) => {
      const { content } = readQuery(contentQuerySchema, request);
      response.json(await look(deps, messageIdOf(request), content === "true"));
    })
    .all(methodNotAllowed("GET"));
  router
    .route("/messages/:id/reprocess")
    .post(async (request, response) => {
      response.status(202).json(await reprocess(deps, messageIdOf(request)));
    })
    .all(methodNotAllowed("POST"));
  return router;
}

async function browse(deps: ApiDeps, query: MessageQuery) {
  const { limit, external_id: externalId } = query;
  // One more than asked for tells whether there is another page.
  const rows = await find(deps, query, limit + 1);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const items = await Promise.all(page.map((row) => showListed(deps, row)));
  return {
    items:
      externalId === undefined
        ? items
        : items.map((item) => (item.state === "purged" ? { ...item, external_id: externalId } : item)),
    next: rows.length > limit && last ? encodeCursor(last.seq) : null,
  };
}

async function find(deps: ApiDeps, query: MessageQuery, limit: number): Promise<MessageSummary[]> {
  const { state, channel, external_id: externalId, after: before } = query;
  if (externalId === undefined) return listMessages(deps.store, { state, channel, before, limit });
  // The keyed hash covers the channel, so every channel that may have received the id is asked.
  const channels = channel === undefined ? deps.channels().map(({ id }) => id) : [channel];
  const found = await Promise.all(
    channels.map((id) => {
      const externalBi = deps.blindIndex.of("external-id", id, externalId);
      return listMessages(deps.store, { state, channel: id, externalBi, before, limit });
    }),
  );
  return found
    .flat()
    .sort((a, b) => b.seq - a.seq)
    .slice(0, limit);
}

async function look(deps: ApiDeps, id: string, withContent: boolean): Promise<MessageDetailView> {
  const message = await showMessage(deps, id, withContent);
  if (!message) throw notFound("message");
  if (message.content) {
    // Nobody sees content of which the journal does not know.
    const entry = { action: "content.read", actor: ACTOR, subject: id, detail: { channel: message.channel } } as const;
    await deps.store.transaction((db) => deps.journal(entry, db));
  }
  return message;
}

async function reprocess(deps: ApiDeps, id: string): Promise<MessageDetailView> {
  const outcome = await deps.store.transaction(async (db) => {
    const moved = await reprocessMessage(db, id, new Date(deps.now()));
    if (moved === "again")
      await deps.journal({ action: "message.reprocessed", actor: ACTOR, subject: id, detail: {} }, db);
    return moved;
  });
  const message = await showMessage(deps, id);
  if (!message) throw notFound("message");
  if (outcome !== "again") {
    const detail =
      "Only held, filtered and failed messages can be processed again, and routed ones that a destination accepted and does not show.";
    throw new Problem(409, "problem:not-reprocessable", "Cannot be processed again", detail);
  }
  deps.wake(message.channel);
  return message;
}
