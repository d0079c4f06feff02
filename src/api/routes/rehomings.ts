import { Router } from "express";
import { z } from "zod";
import { listRehomings, type RehomingRow } from "#src/store/sql/rehomings.ts";
import { cursor, encodeCursor } from "../cursor.ts";
import type { ApiDeps } from "../deps.ts";
import { methodNotAllowed } from "../problem.ts";
import { pageLimit, readQuery } from "../query.ts";

export const rehomingQuerySchema = z.strictObject({
  after: cursor.optional().describe("`next` of the page before."),
  limit: pageLimit,
});

const blindId = z.hex().describe("Keyed hash: equal for the same patient, and nothing more.");

export const rehomingSchema = z.strictObject({
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

export const rehomingListSchema = z.strictObject({ items: z.array(rehomingSchema), next: z.string().nullable() });

/** What the KIS may hold under a patient or a case that is another one now, for its people to check. */
export function rehomingRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route("/rehomings")
    .get(async (request, response) => {
      const { after: before, limit } = readQuery(rehomingQuerySchema, request);
      // One more than asked for tells whether there is another page.
      const rows = await listRehomings(deps.store, { before, limit: limit + 1 });
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      response.json({ items: page.map(show), next: rows.length > limit && last ? encodeCursor(last.seq) : null });
    })
    .all(methodNotAllowed("GET"));
  return router;
}

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
