import { z } from "zod";
import { COUNTERS, GAUGES, STORE_GAUGES } from "#src/telemetry/metric-list.ts";
import { insecureMember } from "#src/wire/http/plain.ts";
import { parseDuration } from "#src/message/duration.ts";

const duration = z.string().refine(isDuration, "Expected an ISO 8601 duration such as PT5M");
const id = z.string().regex(/^[a-z][a-z0-9-]*$/, "Expected lower-case letters, digits and hyphens");
const bilingual = z.strictObject({ de: z.string(), en: z.string() });
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
const OCCASIONS = ["opened", "closed", "escalated"] as const;

/** Every metric a rule may look at. */
export const METRICS: ReadonlySet<string> = new Set([
  ...Object.keys(COUNTERS).map((name) => `botenstoff_${name}_total`),
  ...[...Object.keys(GAUGES), ...Object.keys(STORE_GAUGES)].map((name) => `botenstoff_${name}`),
]);

const rule = z
  .strictObject({
    id: id.describe("Names the alert in the API, in mails and in Prometheus."),
    severity: z.enum(["critical", "warning"]).describe("critical: somebody must act now."),
    title: bilingual.describe("What is wrong, in one sentence."),
    remedy: bilingual.describe("What to do about it."),
    metric: z.string().refine((name) => METRICS.has(name), "No such metric; docs/telemetry.md lists them"),
    where: z.record(z.string(), z.string()).optional().describe("Only samples with these labels."),
    above: z.number().optional().describe("Fires while the value is greater."),
    below: z.number().optional().describe("Fires while the value is less."),
    over: duration.optional().describe("Looks at the increase of a counter over this time instead of its value."),
    for: duration.default("PT0S").describe("How long it has to be so before the alert opens."),
    hours: z
      .strictObject({ days: z.array(z.enum(DAYS)).min(1), from: clockTime(), to: clockTime() })
      .optional()
      .describe("Only then, in the file's time zone."),
    escalate_after: duration.optional().describe("Told to those who want escalations when nobody took it by then."),
  })
  .refine(({ above, below }) => (above === undefined) !== (below === undefined), {
    message: "Exactly one of above and below",
    path: ["above"],
  });

const occasions = z.array(z.enum(OCCASIONS)).default(["opened", "closed"]).describe("What this target is told.");
const target = z.union([
  z.strictObject({
    id,
    on: occasions,
    mail: z.strictObject({
      server: z.url({ protocol: /^smtps?$/ }).describe("smtp://host:587 (STARTTLS where offered) or smtps://host:465"),
      user: z.string().optional(),
      password: z.string().optional().describe("By reference: ${file:/run/secrets/mail}"),
      from: z.email(),
      to: z.array(z.email()).min(1),
    }),
  }),
  z.strictObject({
    id,
    on: occasions,
    webhook: z.strictObject({
      url: z.url({ protocol: /^https?$/ }),
      secret: z.string().optional().describe("Signs the body: X-Botenstoff-Signature: sha256=<HMAC>"),
      insecure: insecureMember,
    }),
  }),
]);

/** config/alerts.yaml. */
export const alertsFile = z.strictObject({
  language: z.enum(["de", "en"]).default("de"),
  timezone: z.string().default("Europe/Berlin").refine(isZone, "Expected a time zone such as Europe/Berlin"),
  targets: z.array(target).default([]),
  rules: z.array(rule),
});

export type AlertsFile = z.output<typeof alertsFile>;
export type AlertRule = AlertsFile["rules"][number];
export type AlertTarget = AlertsFile["targets"][number];
export type Occasion = (typeof OCCASIONS)[number];
export type Day = (typeof DAYS)[number];

function clockTime() {
  return z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'Expected a time of day such as "08:00"');
}

function isDuration(text: string): boolean {
  try {
    return text === "PT0S" || parseDuration(text) > 0;
  } catch {
    return false;
  }
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).format(0) !== "";
  } catch {
    return false;
  }
}

/** Milliseconds of a duration of this file. */
export function millis(text: string): number {
  return text === "PT0S" ? 0 : parseDuration(text);
}
