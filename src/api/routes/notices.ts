import { z } from "zod";
import { place } from "#src/store/sealed/message.ts";
import { getNotice, listNotices as readNotices, type NoticeSummary } from "#src/store/sql/notices.ts";
import { listOutbound } from "#src/store/sql/outbound-status.ts";
import { openAt } from "#src/store/sealed/place.ts";
import { encodeCursor } from "../cursor.ts";
import type { ApiDeps } from "../deps.ts";
import { contentQuerySchema } from "../message-schema.ts";
import {
  noticeDetailSchema,
  noticeListSchema,
  noticeQuerySchema,
  statusListSchema,
  statusQuerySchema,
  type NoticeDetailView,
  type NoticeQuery,
  type NoticeView,
  type StatusQuery,
  type StatusView,
} from "../notice-schema.ts";
import { mustRead } from "../content-right.ts";
import { notFound } from "../problem.ts";
import { json, route, type RouteContext } from "../route.ts";

// What providers tell operators, and how far sent messages have come. Lists hold nothing personal.

export const listNotices = route({
  operationId: "listNotices",
  tag: "provider",
  method: "get",
  path: "/api/v1/notices",
  right: "notices.read",
  summary: "Lists what providers tell operators, and every status of a sent message, newest first",
  query: noticeQuerySchema,
  answer: json("NoticeList", noticeListSchema, "A page."),
  handle: ({ query }, { deps, channels }) => browse(deps, query, channels),
});

export const showNotice = route({
  operationId: "showNotice",
  tag: "provider",
  method: "get",
  path: "/api/v1/notices/:id",
  right: "notices.read",
  summary: "Shows a notice",
  details:
    "`?content=true` adds the provider's own element, which may be personal, and takes the right `content.read`.",
  params: z.strictObject({ id: z.uuid() }),
  names: "notice",
  query: contentQuerySchema,
  answer: json("Notice", noticeDetailSchema, "The notice."),
  problems: { 404: "No such notice, or purged." },
  handle: ({ params, query }, context) => look(context, params.id, query.content === "true"),
});

export const listStatuses = route({
  operationId: "listStatuses",
  tag: "provider",
  method: "get",
  path: "/api/v1/statuses",
  right: "statuses.read",
  summary: "Lists how far sent messages have come, last changed first",
  details: "Found by the wamid, which is never shown.",
  query: statusQuerySchema,
  answer: json("StatusList", statusListSchema, "The newest."),
  handle: async ({ query }, { deps, channels }) => ({ items: await statuses(deps, query, channels) }),
});

async function browse(
  deps: ApiDeps,
  { after: before, limit, ...filter }: NoticeQuery,
  channels: readonly string[] | undefined,
) {
  // One more than asked for tells whether there is another page.
  const rows = await readNotices(deps.store, { ...filter, channels, before, limit: limit + 1 });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { items: page.map(show), next: rows.length > limit && last ? encodeCursor(last.seq) : null };
}

async function look(context: RouteContext, id: string, withContent: boolean): Promise<NoticeDetailView> {
  const { deps } = context;
  const row = await getNotice(deps.store, id);
  if (!row) throw notFound("notice");
  if (!withContent) return show(row);
  mustRead(context, row.channel);
  const { raw } = openAt(deps.sealer, place.notice(row.epoch, row.id), row.sealed);
  // Nobody sees content of which the journal does not know.
  const entry = { action: "content.read", subject: id, detail: { channel: row.channel } } as const;
  await deps.store.transaction((db) => context.journal(entry, db));
  return { ...show(row), content: raw };
}

async function statuses(deps: ApiDeps, query: StatusQuery, mine: readonly string[] | undefined): Promise<StatusView[]> {
  const { channel, external_id: externalId, limit } = query;
  // The keyed hash covers the channel, so every channel that may have sent the message is asked.
  const channels = channel === undefined ? deps.channels().map(({ id }) => id) : [channel];
  const externalBis =
    externalId === undefined ? undefined : channels.map((id) => deps.blindIndex.of("external-id", id, externalId));
  const rows = await listOutbound(deps.store, { channel, channels: mine, externalBis, limit });
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
