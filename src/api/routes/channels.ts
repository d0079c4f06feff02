import { Router } from "express";
import { z } from "zod";
import type { ApiDeps } from "../deps.ts";
import { methodNotAllowed } from "../problem.ts";

export const channelSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  source: z.string().describe("Type of the source."),
  state: z.enum(["running", "refused"]),
  problems: z.array(z.string()).describe("Why the newest version of the file does not run."),
  destinations: z.array(z.strictObject({ id: z.string(), type: z.string() })),
});

export const channelListSchema = z.strictObject({ items: z.array(channelSchema) });

export function channelRoutes(deps: ApiDeps): Router {
  const router = Router();
  router
    .route("/channels")
    .get((_request, response) => {
      response.json({ items: deps.channels() });
    })
    .all(methodNotAllowed("GET"));
  return router;
}
