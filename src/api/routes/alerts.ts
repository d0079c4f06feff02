import { randomUUID } from "node:crypto";
import { z } from "zod";
import {
  acknowledgeAlert as acknowledge,
  addSilence as begin,
  endSilence as end,
  listAlerts as alerts,
  listSilences as silences,
} from "#src/store/sql/alerts.ts";
import { words } from "../decision.ts";
import { notFound, Problem } from "../problem.ts";
import { pageLimit } from "../query.ts";
import { json, route } from "../route.ts";

const LONGEST_SILENCE_MS = 7 * 86_400_000;

const bilingual = z.strictObject({ de: z.string(), en: z.string() });
const alertSchema = z.strictObject({
  id: z.uuid(),
  rule: z.string().describe("Its id in config/alerts.yaml."),
  title: bilingual.nullable().describe("Null: the file has no such rule any more."),
  remedy: bilingual.nullable(),
  subject: z.string().describe("What it is about: labels of the metric, such as channel=a,stage=chart."),
  severity: z.string(),
  value: z.number().describe("The metric's value when it was last seen."),
  opened_at: z.iso.datetime(),
  closed_at: z.iso.datetime().nullable(),
  acknowledged_at: z.iso.datetime().nullable(),
  escalated_at: z.iso.datetime().nullable(),
});
const silenceSchema = z.strictObject({
  id: z.uuid(),
  rule: z.string().nullable().describe("Null: every rule."),
  reason: z.string(),
  begins_at: z.iso.datetime(),
  ends_at: z.iso.datetime(),
});
const idParams = z.strictObject({ id: z.uuid() });
const doneSchema = z.strictObject({ id: z.uuid() });

export const listAlerts = route({
  operationId: "listAlerts",
  tag: "operation",
  method: "get",
  path: "/api/v1/alerts",
  right: "alerts.read",
  summary: "Lists alerts, open ones first",
  query: z.strictObject({ limit: pageLimit }),
  answer: json("AlertList", z.strictObject({ items: z.array(alertSchema) }), "A page."),
  handle: async ({ query: { limit } }, { deps }) => {
    const rules = new Map(deps.alertRules().map((rule) => [rule.id, rule]));
    return {
      items: (await alerts(deps.store, limit)).map((row) => ({
        ...{ id: row.id, rule: row.rule, subject: row.subject, severity: row.severity, value: row.value },
        title: rules.get(row.rule)?.title ?? null,
        remedy: rules.get(row.rule)?.remedy ?? null,
        opened_at: row.openedAt.toISOString(),
        closed_at: row.closedAt?.toISOString() ?? null,
        acknowledged_at: row.acknowledgedAt?.toISOString() ?? null,
        escalated_at: row.escalatedAt?.toISOString() ?? null,
      })),
    };
  },
});

export const acknowledgeAlert = route({
  operationId: "acknowledgeAlert",
  tag: "operation",
  method: "post",
  path: "/api/v1/alerts/:id/acknowledge",
  right: "alerts.act",
  summary: "Takes an open alert: it does not escalate",
  params: idParams,
  names: "open alert",
  answer: json("AlertTaken", doneSchema, "Taken.", 202),
  handle: async ({ params: { id } }, context) => {
    const { deps } = context;
    const taken = await deps.store.transaction(async (db) => {
      const open = await acknowledge(db, id, new Date(deps.now()));
      if (open) await context.journal({ action: "alert.acknowledged", subject: id, detail: {} }, db);
      return open;
    });
    if (!taken) throw notFound("open alert");
    return { id };
  },
});

export const listSilences = route({
  operationId: "listSilences",
  tag: "operation",
  method: "get",
  path: "/api/v1/silences",
  right: "alerts.read",
  summary: "Lists maintenance windows that have not ended",
  answer: json(
    "SilenceList",
    z.strictObject({
      items: z.array(silenceSchema),
      rules: z.array(z.string()).describe("Rules there are, each of which a window may be for."),
    }),
    "All of them.",
  ),
  handle: async (_input, { deps }) => ({
    rules: deps.alertRules().map(({ id }) => id),
    items: (await silences(deps.store, new Date(deps.now()))).map(({ id, rule, reason, beginsAt, endsAt }) => ({
      ...{ id, rule, reason },
      begins_at: beginsAt.toISOString(),
      ends_at: endsAt.toISOString(),
    })),
  }),
});

export const addSilence = route({
  operationId: "addSilence",
  tag: "operation",
  method: "post",
  path: "/api/v1/silences",
  right: "alerts.act",
  summary: "Begins a maintenance window: alerts that open in it are told only if they outlast it",
  body: z.strictObject({
    rule: z.string().max(100).optional().describe("One rule only; absent: all."),
    reason: words(200).describe("The journal keeps it."),
    until: z.iso.datetime().describe("At most seven days ahead."),
  }),
  answer: json("SilenceBegun", doneSchema, "It has begun.", 202),
  handle: async ({ body: { rule, reason, until } }, context) => {
    const { deps } = context;
    const now = deps.now();
    const endsAt = new Date(until);
    if (endsAt.getTime() <= now || endsAt.getTime() > now + LONGEST_SILENCE_MS) {
      throw new Problem(
        400,
        "problem:invalid-body",
        "Invalid body",
        "until: expected a time within the next seven days",
      );
    }
    const id = randomUUID();
    await deps.store.transaction(async (db) => {
      await begin(db, { id, rule: rule ?? null, reason, beginsAt: new Date(now), endsAt });
      const detail = { rule: rule ?? null, reason, until };
      await context.journal({ action: "silence.begun", subject: id, detail }, db);
    });
    return { id };
  },
});

export const endSilence = route({
  operationId: "endSilence",
  tag: "operation",
  method: "delete",
  path: "/api/v1/silences/:id",
  right: "alerts.act",
  summary: "Ends a maintenance window now",
  params: idParams,
  names: "maintenance window",
  answer: json("SilenceEnded", doneSchema, "It has ended.", 202),
  handle: async ({ params: { id } }, context) => {
    const { deps } = context;
    const ended = await deps.store.transaction(async (db) => {
      const there = await end(db, id, new Date(deps.now()));
      if (there) await context.journal({ action: "silence.ended", subject: id, detail: {} }, db);
      return there;
    });
    if (!ended) throw notFound("maintenance window");
    return { id };
  },
});
