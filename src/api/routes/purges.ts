import { Router } from "express";
import { z } from "zod";
import type { ApiDeps } from "../deps.ts";
import { methodNotAllowed } from "../problem.ts";
import { pageLimit, readQuery } from "../query.ts";

export const purgeQuerySchema = z.strictObject({ limit: pageLimit });

export const purgeSchema = z.strictObject({
  id: z.uuid(),
  epoch: z.int().describe("Start of the purged epoch, seconds since 1970."),
  at: z.iso.datetime(),
  destroyed: z.int().describe("Messages destroyed with the epoch's key."),
  survivors: z.int().describe("Messages that had to outlive the epoch and were sealed anew before."),
  certificate: z.unknown().describe("What the signature is over."),
  signature: z.base64().describe("Ed25519."),
});

export const purgeListSchema = z.strictObject({ items: z.array(purgeSchema) });

export function purgeRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route("/purges")
    .get(async (request, response) => {
      const { limit } = readQuery(purgeQuerySchema, request);
      const items: z.infer<typeof purgeSchema>[] = (await deps.purges(limit)).map((purge) => ({
        ...purge,
        at: purge.at.toISOString(),
        signature: purge.signature.toString("base64"),
      }));
      response.json({ items });
    })
    .all(methodNotAllowed("GET"));
  return router;
}
