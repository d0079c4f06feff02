import { z } from "zod";
import { getBulk, stopBulk as stop, type BulkRow } from "#src/store/sql/bulk.ts";
import { begin, freeze, freezeIds, MOST } from "../bulk.ts";
import { messageFilterSchema } from "../message-schema.ts";
import { notFound, Problem } from "../problem.ts";
import { json, route, type RouteContext } from "../route.ts";

// Many messages are processed again: frozen and counted first, then begun; it can be stopped.

const requestSchema = z.union([
  z.strictObject({
    filter: messageFilterSchema.describe(
      "As for the list of messages, but for the source's own id: it may be personal.",
    ),
  }),
  z.strictObject({ messages: z.array(z.uuid()).min(1).max(200) }),
]);

const startSchema = z.strictObject({
  count: z.int().describe("`total` as it was shown: whoever begins it has seen how many are meant."),
});

const bulkSchema = z.strictObject({
  id: z.uuid(),
  state: z
    .enum(["frozen", "running", "interrupted", "stopped", "done"])
    .describe("`frozen`: counted, not begun. `interrupted`: the engine that ran it is gone; go on with it."),
  at: z.iso.datetime(),
  total: z.int().describe("Messages meant: exactly these, whatever arrives later."),
  again: z.int().describe("Processed again so far."),
  refused: z.int().describe("Not processed: their state did not allow it any more."),
});

type BulkView = z.infer<typeof bulkSchema>;

const params = z.strictObject({ id: z.uuid() });

export const freezeBulk = route({
  operationId: "freezeBulk",
  tag: "messages",
  method: "post",
  path: "/api/v1/bulk",
  right: "messages.reprocess",
  summary: "Freezes which messages are to be processed again, and counts them",
  details: "Nothing happens yet. What is frozen is forgotten after a week.",
  body: requestSchema,
  answer: json("Bulk", bulkSchema, "What was frozen.", 201),
  problems: { 409: `More than ${MOST} messages match.` },
  handle: async ({ body }, context) => show(context, await frozen(context, body)),
});

export const showBulk = route({
  operationId: "showBulk",
  tag: "messages",
  method: "get",
  path: "/api/v1/bulk/:id",
  right: "messages.reprocess",
  summary: "Shows how far it is",
  params,
  names: "bulk",
  answer: json("Bulk", bulkSchema, "How far it is."),
  handle: ({ params: { id } }, context) => show(context, id),
});

export const startBulk = route({
  operationId: "startBulk",
  tag: "messages",
  method: "post",
  path: "/api/v1/bulk/:id/start",
  right: "messages.reprocess",
  summary: "Begins it, or goes on after a stop; asked twice, it runs once",
  params,
  names: "bulk",
  body: startSchema,
  answer: json("Bulk", bulkSchema, "How far it is.", 202),
  problems: { 409: "The count is not the one that was frozen." },
  handle: async ({ params: { id }, body }, context) => {
    const { total } = await show(context, id);
    if (total !== body.count) {
      throw new Problem(409, "problem:count-differs", "Not begun", "The count is not the one that was frozen.");
    }
    await begin(context, id);
    return show(context, id);
  },
});

export const stopBulk = route({
  operationId: "stopBulk",
  tag: "messages",
  method: "post",
  path: "/api/v1/bulk/:id/stop",
  right: "messages.reprocess",
  summary: "Stops it; what was decided stays",
  params,
  names: "bulk",
  answer: json("Bulk", bulkSchema, "How far it is.", 202),
  handle: async ({ params: { id } }, context) => {
    await show(context, id);
    await stop(context.deps.store, id);
    return show(context, id);
  },
});

async function frozen(context: RouteContext, wanted: z.infer<typeof requestSchema>): Promise<string> {
  if ("messages" in wanted) return freezeIds(context, wanted.messages);
  const id = await freeze(context, wanted.filter);
  if (id !== undefined) return id;
  throw new Problem(409, "problem:too-many", "Too many", `More than ${MOST} messages match; narrow the filter.`);
}

/** Whoever froze it sees it; nobody else knows on which channels he may decide. */
async function show({ deps, principal }: RouteContext, id: string): Promise<BulkView> {
  const bulk = await getBulk(deps.store, id);
  if (bulk?.actor !== principal.actor) throw notFound("bulk");
  return { ...shown(bulk), at: bulk.at.toISOString() };
}

function shown({ id, state, total, again, refused, interrupted }: BulkRow): Omit<BulkView, "at"> {
  return { id, state: interrupted ? "interrupted" : state, total, again, refused };
}
