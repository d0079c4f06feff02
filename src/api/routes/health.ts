import { z } from "zod";
import type { Readiness } from "../deps.ts";
import { json, own, route } from "../route.ts";

const readinessSchema = z.strictObject({ ok: z.boolean(), checks: z.record(z.string(), z.boolean()) });

// What probes and Prometheus ask; open, because it carries nothing but channel ids and numbers.

export const healthz = route({
  operationId: "live",
  tag: "operation",
  method: "get",
  path: "/healthz",
  parts: ["api", "metrics"],
  right: "anyone",
  summary: "Says that the process lives",
  answer: json("Liveness", z.strictObject({ ok: z.literal(true) }), "The process lives."),
  handle: () => ({ ok: true as const }),
});

export const readyz = route({
  operationId: "ready",
  tag: "operation",
  method: "get",
  path: "/readyz",
  parts: ["api", "metrics"],
  right: "anyone",
  summary: "Says whether the engine takes messages",
  answer: json("Readiness", readinessSchema, "Ready."),
  alternatives: { 503: "Not ready." },
  handle: async (_input, { deps, response }) => {
    const readiness = await deps.ready().catch((): Readiness => ({ ok: false, checks: {} }));
    if (!readiness.ok) response.status(503);
    return { ok: readiness.ok, checks: { ...readiness.checks } };
  },
});

export const metrics = route({
  operationId: "metrics",
  tag: "operation",
  method: "get",
  path: "/metrics",
  parts: ["metrics"],
  right: "anyone",
  summary: "Gives metrics for Prometheus",
  answer: own("text/plain", "Text format."),
  handle: async (_input, { deps, response }) => {
    response.type(deps.metrics.contentType).send(await deps.metrics.render());
  },
});
