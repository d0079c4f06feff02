import { z } from "zod";
import { pageLimit } from "../query.ts";
import { json, route } from "../route.ts";

const purgeQuerySchema = z.strictObject({ limit: pageLimit });

const purgeSchema = z.strictObject({
  id: z.uuid(),
  epoch: z.int().describe("Start of the purged epoch, seconds since 1970."),
  at: z.iso.datetime(),
  destroyed: z.int().describe("Messages destroyed with the epoch's key."),
  survivors: z.int().describe("Messages that had to outlive the epoch and were sealed anew before."),
  certificate: z.unknown().describe("What the signature is over."),
  signature: z.base64().describe("Ed25519."),
});

const purgeListSchema = z.strictObject({ items: z.array(purgeSchema) });

export const listPurges = route({
  operationId: "listPurges",
  tag: "retention",
  method: "get",
  path: "/api/v1/purges",
  right: "purges.read",
  summary: "Lists purges with their signed certificates, newest first",
  query: purgeQuerySchema,
  answer: json("PurgeList", purgeListSchema, "The newest."),
  handle: async ({ query: { limit } }, { deps }) => ({
    items: (await deps.purges(limit)).map((purge) => ({
      ...purge,
      at: purge.at.toISOString(),
      signature: purge.signature.toString("base64"),
    })),
  }),
});
