import { z } from "zod";
import { auditEventOf } from "#src/audit/audit-event.ts";
import type { Who } from "#src/audit/journal.ts";
import { openWho } from "#src/audit/who.ts";
import { listJournal, type JournalRow } from "#src/store/sql/journal.ts";
import { cursor, encodeCursor } from "../cursor.ts";
import { pageLimit } from "../query.ts";
import { json, own, route, type RouteContext } from "../route.ts";

const word = z
  .string()
  .max(200, "Too long")
  .refine((text) => !text.includes("\0"), "must not contain U+0000");

const journalQuerySchema = z.strictObject({
  action: word.optional().describe("What was done: content.read, message.released, token.created."),
  actor: word.optional().describe("The journal's word for somebody."),
  subject: word.optional().describe("Id of what it was done to."),
  from: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
  after: cursor.optional().describe("`next` of the page before."),
  limit: pageLimit,
});

type JournalQuery = z.infer<typeof journalQuerySchema>;

const whoSchema = z.strictObject({
  subject: z.string(),
  provider: z.string(),
  name: z.string().nullable(),
  roles: z.array(z.string()),
  session: z.string().nullable(),
  address: z.string().nullable(),
});

const lineSchema = z.strictObject({
  seq: z.int(),
  at: z.iso.datetime(),
  action: z.string(),
  actor: z.string(),
  subject: z.string(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  who: whoSchema.nullable().describe("Null for the engine itself, and once names of that age are forgotten."),
  hash: z.hex().describe("Covers this line and the hash of the one before."),
});

export const readJournal = route({
  operationId: "readJournal",
  tag: "access",
  method: "get",
  path: "/api/v1/journal",
  right: "journal.read",
  summary: "Reads the journal, newest first",
  details: "That it was read is journaled too.",
  query: journalQuerySchema,
  answer: json(
    "JournalPage",
    z.strictObject({ items: z.array(lineSchema), next: z.string().nullable() }),
    "A page, newest first.",
  ),
  handle: async ({ query }, context) => {
    const { rows, next } = await page(query, context);
    return {
      items: rows.map(({ row, who }) => {
        const { who: _hash, ...detail } = row.detail;
        return {
          seq: row.seq,
          at: row.at.toISOString(),
          action: row.action,
          actor: row.actor,
          subject: row.subject,
          detail,
          who: who && { ...who, roles: [...who.roles] },
          hash: row.hash.toString("hex"),
        };
      }),
      next,
    };
  },
});

export const exportJournal = route({
  operationId: "exportJournal",
  tag: "access",
  method: "get",
  path: "/api/v1/journal/audit-events",
  right: "journal.read",
  summary: "Gives a page of the journal as FHIR AuditEvents in the shape of IHE BALP",
  query: journalQuerySchema,
  answer: own(
    "application/fhir+json",
    "A Bundle of AuditEvents, newest first; a link named `next` where there are more.",
  ),
  handle: async ({ query }, context) => {
    const { rows, next } = await page(query, context);
    context.response.type("application/fhir+json").send(
      JSON.stringify({
        resourceType: "Bundle",
        type: "collection",
        ...(next !== null && { link: [{ relation: "next", url: `/api/v1/journal/audit-events?after=${next}` }] }),
        entry: rows.map(({ row, who }) => {
          const resource = auditEventOf(row, who);
          return { fullUrl: `urn:uuid:${resource.id}`, resource };
        }),
      }),
    );
  },
});

async function page({ limit, after: before, from, until, ...filter }: JournalQuery, context: RouteContext) {
  const { deps } = context;
  const span = {
    from: from === undefined ? undefined : new Date(from),
    until: until === undefined ? undefined : new Date(until),
  };
  // One more than asked for tells whether there is another page.
  const rows = await listJournal(deps.store, { ...filter, ...span, before, limit: limit + 1 });
  const { action = null, actor = null, subject = null } = filter;
  const detail = { action, actor, subject, from: from ?? null, until: until ?? null };
  await deps.store.transaction((db) => context.journal({ action: "journal.read", subject: "journal", detail }, db));
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    rows: shown.map((row) => ({ row, who: whoStands(deps, row) })),
    next: rows.length > limit && last ? encodeCursor(last.seq) : null,
  };
}

/** A damaged name keeps nobody from reading the line. */
function whoStands({ sealer }: Pick<RouteContext["deps"], "sealer">, { who }: JournalRow): Who | null {
  try {
    return who && openWho(sealer, who);
  } catch {
    return null;
  }
}
