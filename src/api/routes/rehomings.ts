import { z } from "zod";
import { listRehomings as readRehomings, type RehomingRow } from "#src/store/sql/rehomings.ts";
import { cursor, encodeCursor } from "../cursor.ts";
import { pageLimit } from "../query.ts";
import { json, route } from "../route.ts";

const rehomingQuerySchema = z.strictObject({
  after: cursor.optional().describe("`next` of the page before."),
  limit: pageLimit,
});

const blindId = z.hex().describe("Keyed hash: equal for the same patient, and nothing more.");

const rehomingSchema = z.strictObject({
  message: z.uuid(),
  channel: z.string(),
  at: z.iso.datetime().describe("When the directory learned it."),
  kind: z
    .enum(["merge", "case", "deleted"])
    .describe(
      "The patient was merged, the case has another patient or number or was cancelled, the person was deleted.",
    ),
  destinations: z.array(
    z.strictObject({
      destination: z.string(),
      state: z.enum(["filed", "unclear"]).describe("`unclear`: it was sent, and no answer came."),
    }),
  ),
  from: blindId,
  to: blindId.nullable().describe("Null where there is no patient any more."),
  withdrawn_at: z.iso
    .datetime()
    .nullable()
    .describe("When somebody withdrew it (`POST /api/v1/messages/{message}/withdraw`): the entry is done."),
});

const rehomingListSchema = z.strictObject({ items: z.array(rehomingSchema), next: z.string().nullable() });

/** What the KIS may hold under a patient or a case that is another one now, for its people to check. */
export const listRehomings = route({
  operationId: "listRehomings",
  tag: "retention",
  method: "get",
  path: "/api/v1/rehomings",
  right: "rehomings.read",
  summary: "Lists what was filed, or may have been, before its patient or case changed, newest first",
  details: "See directory.md.",
  query: rehomingQuerySchema,
  answer: json("RehomingList", rehomingListSchema, "A page."),
  handle: async ({ query: { after: before, limit } }, { deps, channels }) => {
    // One more than asked for tells whether there is another page.
    const rows = await readRehomings(deps.store, { channels, before, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return { items: page.map(show), next: rows.length > limit && last ? encodeCursor(last.seq) : null };
  },
});

function show({
  messageId,
  channel,
  at,
  kind,
  destinations,
  fromBi,
  toBi,
  withdrawnAt,
}: RehomingRow): z.infer<typeof rehomingSchema> {
  return {
    message: messageId,
    channel,
    at: at.toISOString(),
    kind,
    destinations: [...destinations],
    from: fromBi.toString("hex"),
    to: toBi?.toString("hex") ?? null,
    withdrawn_at: withdrawnAt?.toISOString() ?? null,
  };
}
