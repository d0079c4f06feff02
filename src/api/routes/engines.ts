import { z } from "zod";
import { certificatesNow, listEngines as readEngines } from "#src/store/sql/engines.ts";
import type { ApiDeps } from "../deps.ts";
import { json, route } from "../route.ts";

const engineListSchema = z.strictObject({
  items: z.array(
    z.strictObject({
      id: z.string(),
      state: z
        .enum(["alive", "silent"])
        .describe("`silent`: not heard of for ten seconds; its leases run out by themselves."),
      started_at: z.iso.datetime(),
      seen_at: z.iso.datetime(),
      silent_s: z.number(),
      clock_ahead_ms: z.int().describe("Its clock less the database's, as far as that can be told."),
      leases: z.int().describe("Conversations it is at work on."),
      version: z.string(),
      node: z.string(),
      channels: z.int().describe("Running."),
      accepts: z.boolean().describe("Its disk has room for new messages."),
      disk_free: z.int().nullable().describe("Bytes; null where it could not be told."),
      disk_reserve: z.int().describe("Bytes below which it takes nothing new."),
      breakers: z.array(
        z.strictObject({ channel: z.string(), stage: z.string(), failures: z.int(), probe_in_ms: z.number() }),
      ),
    }),
  ),
});

const SILENT_AFTER_S = 10;

export const listEngines = route({
  operationId: "listEngines",
  tag: "operation",
  method: "get",
  path: "/api/v1/engines",
  right: "engines.read",
  summary: "Lists the engines on this database: leases, clocks, disk, and what they hold back",
  answer: json("EngineList", engineListSchema, "All that were heard of within a day."),
  handle: (_input, { deps }) => show(deps),
});

async function show(deps: ApiDeps): Promise<z.infer<typeof engineListSchema>> {
  const engines = await readEngines(deps.store);
  return {
    items: engines.map(({ owner, startedAt, seenAt, silentS, clockAheadMs, leases, report }) => ({
      id: owner,
      state: silentS > SILENT_AFTER_S ? "silent" : "alive",
      started_at: startedAt.toISOString(),
      seen_at: seenAt.toISOString(),
      silent_s: silentS,
      clock_ahead_ms: clockAheadMs,
      leases,
      version: report.version,
      node: report.node,
      channels: report.channels,
      accepts: report.accepts,
      disk_free: report.disk_free,
      disk_reserve: report.disk_reserve,
      breakers: [...report.breakers],
    })),
  };
}

const certificateListSchema = z.strictObject({
  items: z.array(
    z.strictObject({
      channel: z.string().nullable().describe("Null: of the engine's own door."),
      connector: z
        .string()
        .describe("`source`, `lookup`, the id of a destination, or `http` for the engine's own door."),
      role: z
        .enum(["own", "ca", "peer"])
        .describe("Ours, that of an authority we trust, or the one the other side showed last."),
      expires_at: z.iso.datetime(),
      engine: z.string().describe("Which engine says so."),
    }),
  ),
});

export const listCertificates = route({
  operationId: "listCertificates",
  tag: "operation",
  method: "get",
  path: "/api/v1/certificates",
  right: "engines.read",
  summary: "Lists when the certificates of doors and connectors end, soonest first",
  answer: json("CertificateList", certificateListSchema, "Of each kind the one that ends first, on any engine."),
  handle: async (_input, { deps }) => ({
    items: (await certificatesNow(deps.store)).map(({ channel, connector, role, expires_at, owner }) => ({
      channel: channel === "" ? null : channel,
      connector,
      role: role as "own" | "ca" | "peer",
      expires_at,
      engine: owner,
    })),
  }),
});
