import { Router } from "express";
import { z } from "zod";
import type { ApiDeps, Readiness } from "../deps.ts";

export const readinessSchema = z.strictObject({ ok: z.boolean(), checks: z.record(z.string(), z.boolean()) });

/** What probes and Prometheus ask; open, because it carries nothing but channel ids and numbers. */
export function healthRoutes(deps: ApiDeps): Router {
  const router = Router();
  router.get("/healthz", (_request, response) => {
    response.json({ ok: true });
  });
  router.get("/readyz", async (_request, response) => {
    const readiness = await deps.ready().catch((): Readiness => ({ ok: false, checks: {} }));
    response.status(readiness.ok ? 200 : 503).json(readiness);
  });
  router.get("/metrics", async (_request, response) => {
    response.type(deps.metrics.contentType).send(await deps.metrics.render());
  });
  return router;
}
