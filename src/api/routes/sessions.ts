import { z } from "zod";
import { may } from "#src/audit/principal.ts";
import { forbidden, notFound } from "../problem.ts";
import { json, own, route, type RouteContext } from "../route.ts";

const sessionSchema = z.strictObject({
  id: z.uuid(),
  provider: z.string(),
  name: z.string().nullable(),
  created_at: z.iso.datetime(),
  seen_at: z.iso.datetime(),
  ends_at: z.iso.datetime(),
  current: z.boolean().describe("The one that asks."),
});

export const listSessions = route({
  operationId: "listSessions",
  tag: "access",
  method: "get",
  path: "/api/v1/sessions",
  right: "somebody",
  summary: "Lists one's own open sessions, newest first; with the right `sessions.manage` everybody's",
  query: z.strictObject({ of: z.enum(["me", "all"]).default("me") }),
  answer: json("SessionList", z.strictObject({ items: z.array(sessionSchema) }), "The open ones."),
  handle: async ({ query }, context) => {
    const all = query.of === "all";
    if (all) mustManage(context);
    const { deps, principal } = context;
    if (!all && !principal.person) return { items: [] };
    const sessions = await deps.access.sessions.list(all ? undefined : principal);
    return {
      items: sessions.map(({ id, provider, name, createdAt, seenAt, endsAt }) => ({
        id,
        provider,
        name,
        created_at: createdAt.toISOString(),
        seen_at: seenAt.toISOString(),
        ends_at: endsAt.toISOString(),
        current: id === principal.person?.session,
      })),
    };
  },
});

export const endSession = route({
  operationId: "endSession",
  tag: "access",
  method: "delete",
  path: "/api/v1/sessions/:id",
  right: "somebody",
  summary: "Ends one of one's own sessions; with the right `sessions.manage` anybody's",
  params: z.strictObject({ id: z.uuid() }),
  names: "session",
  answer: { ...own("text/plain", "It has ended.", 204), empty: true },
  handle: async ({ params: { id } }, context) => {
    const { deps, principal } = context;
    const mine = may(principal, "sessions.manage") ? undefined : principal;
    const ended = await deps.store.transaction(async (db) => {
      const found = await deps.access.sessions.endOne(db, id, mine);
      if (found.length > 0)
        await context.journal({ action: "session.ended", subject: id, detail: { by: "person" } }, db);
      return found;
    });
    if (ended.length === 0) throw notFound("session");
  },
});

export const endOwnSessions = route({
  operationId: "endOwnSessions",
  tag: "access",
  method: "delete",
  path: "/api/v1/sessions",
  right: "somebody",
  summary: "Ends all of one's own sessions, this one too",
  answer: { ...own("text/plain", "They have ended.", 204), empty: true },
  handle: async (_input, context) => {
    const { deps, principal } = context;
    if (!principal.person) return;
    await deps.store.transaction(async (db) => {
      const ended = await deps.access.sessions.endAllOf(db, principal.provider, principal.subject);
      for (const { id } of ended)
        await context.journal({ action: "session.ended", subject: id, detail: { by: "person" } }, db);
    });
  },
});

function mustManage({ principal }: RouteContext): void {
  if (!may(principal, "sessions.manage")) throw forbidden;
}
