import { Router } from "express";
import { z } from "zod";
import { place } from "#src/store/sealed/message.ts";
import type { SealedNotice } from "#src/pipeline/intake/seal-notice.ts";
import { getNotice, listNotices, type NoticeSummary } from "#src/store/sql/notices.ts";
import { listOutbound } from "#src/store/sql/outbound-status.ts";
import { encodeCursor } from "../cursor.ts";
import type { ApiDeps } from "../deps.ts";
import { contentQuerySchema } from "../message-schema.ts";
import {
  noticeQuerySchema,
  statusQuerySchema,
  type NoticeDetailView,
  type NoticeQuery,
  type NoticeView,
  type StatusQuery,
  type StatusView,
} from "../notice-schema.ts";
import { methodNotAllowed, notFound } from "../problem.ts";
import { readQuery } from "../query.ts";

/** What providers tell operators, and how far sent messages have come. Lists hold nothing personal. */
export function noticeRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route("/notices")
    .get(async (request, response) => {
      response.json(await browse(deps, readQuery(noticeQuerySchema, request)));
    })
    .all(methodNotAllowed("GET"));
  router
    .route("/notices/:id")
    .get(async (request, response) => {
      const { content } = readQuery(contentQuerySchema, request);
      const id = z.uuid().safeParse(request.params.id);
      if (!id.success) throw notFound("notice");
      response.json(await look(deps, id.data, content === "true"));
    })
    .all(methodNotAllowed("GET"));
  router
    .route("/statuses")
    .get(async (request, response) => {
      response.json({ items: await statuses(deps, readQuery(statusQuerySchema, request)) });
    })
    .all(methodNotAllowed("GET"));
  return router;
}

async function browse(deps: ApiDeps, { after: before, limit, ...filter }: NoticeQuery) {
  // One more than asked for tells whether there is another page.
  const rows = await listNotices(deps.store, { ...filter, before, limit: limit + 1 });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { items: page.map(show), next: rows.length > limit && last ? encodeCursor(last.seq) : null };
}

async function look(deps: ApiDeps, id: string, withContent: boolean): Promise<NoticeDetailView> {
  const row = await getNotice(deps.store, id);
  if (!row) throw notFound("notice");
  if (!withContent) return show(row);
  const { raw } = deps.sealer.openJson(place.notice(row.epoch, row.id), row.sealed) as SealedNotice;
  // Nobody sees content of which the journal does not know.
  const entry = { action: "content.read", actor: "api", subject: id, detail: { channel: row.channel } } as const;
  await deps.store.transaction((db) => deps.journal(entry, db));
  return { ...show(row), content: raw };
}

async function statuses(deps: ApiDeps, query: StatusQuery): Promise<StatusView[]> {
  const { channel, external_id: externalId, limit } = query;
  // The keyed hash covers the channel, so every channel that may have sent the message is asked.
  const channels = channel === undefined ? deps.channels().map(({ id }) => id) : [channel];
  const externalBis =
    externalId === undefined ? undefined : channels.map((id) => deps.blindIndex.of("external-id", id, externalId));
  const rows = await listOutbound(deps.store, { channel, externalBis, limit });
  return rows.map(({ id, channel, state, reachedAt, codes, updatedAt }) => ({
    id,
    channel,
    state,
    reached_at: reachedAt.toISOString(),
    codes: [...codes],
    updated_at: updatedAt.toISOString(),
  }));
}

function show(row: NoticeSummary): NoticeView {
  const { id, channel, kind, field, event, codes, level, about, receivedAt, happenedAt } = row;
  return {
    id,
    channel,
    kind,
    field,
    event,
    codes: [...codes],
    level,
    about,
    received_at: receivedAt.toISOString(),
    happened_at: happenedAt.toISOString(),
  };
}
