import { z } from "zod";
import type { JournalClass } from "#src/audit/journal-class.ts";
import { ROLES, type Role } from "#src/audit/rights.ts";
import { SYSLOG_FORMATS } from "#src/audit/syslog.ts";
import { parseDuration } from "#src/message/duration.ts";
import { tlsMember } from "#src/wire/tls/client-tls.ts";

const role = z.enum(Object.keys(ROLES) as [Role, ...Role[]]);

const readDuration = (text: string, context: z.RefinementCtx) => {
  try {
    return parseDuration(text);
  } catch {
    context.addIssue({ code: "custom", message: "Not an ISO 8601 duration such as PT15M" });
    return z.NEVER;
  }
};

const duration = (fallback: string, meaning: string) =>
  z.string().default(fallback).transform(readDuration).describe(meaning);

const period = (meaning: string) => z.string().transform(readDuration).optional().describe(meaning);

const ON_LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?(\/|$)/;

/** Secrets and sessions travel there: plain http is for this machine alone. */
const httpUrl = z
  .url({ protocol: /^https?$/ })
  .refine((url) => url.startsWith("https:") || ON_LOOPBACK.test(url), "https, or http on loopback");

const grant = z.strictObject({
  value: z.string().min(1).describe("A value of the roles claim: the name or id of a group."),
  role,
  channels: z.array(z.string()).min(1).optional().describe("Only on these channels; absent: on all."),
});

const provider = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z0-9-]{1,32}$/, "Lower-case letters, digits and hyphens, at most 32")
      .refine((id) => !["token", "break-glass"].includes(id), "Reserved")
      .describe("Names the provider in addresses and in the journal."),
    title: z.string().min(1).max(80).describe("What people read when they choose where to sign in."),
    issuer: httpUrl.describe("Where `/.well-known/openid-configuration` is found."),
    client_id: z.string().min(1),
    client_secret: z.string().min(1).optional().describe("A reference: ${OIDC_SECRET} or ${file:/run/secrets/oidc}."),
    private_key: z
      .string()
      .min(1)
      .optional()
      .describe("PKCS#8 PEM for private_key_jwt: ${file:/run/secrets/oidc.pem}."),
    key_id: z.string().optional().describe("`kid` of the private key, where the provider asks for one."),
    algorithm: z.enum(["ES256", "ES384", "RS256", "PS256"]).default("ES256").describe("Of the private key."),
    scope: z.string().default("openid profile").describe("Scopes asked for; openid must be among them."),
    roles_claim: z
      .string()
      .default("groups")
      .describe("Claim of the ID token with groups; dots lead inwards: realm_access.roles."),
    name_claim: z.string().default("name").describe("Claim with the name that people know the person by."),
    acr_values: z.string().min(1).optional().describe("Asked for at step-up: the level of the gravest actions."),
    roles: z.array(grant).min(1),
  })
  .refine(({ client_secret: secret, private_key: key }) => (secret === undefined) !== (key === undefined), {
    message: "Either client_secret or private_key",
    path: ["client_secret"],
  })
  .refine(({ scope }) => scope.split(" ").includes("openid"), { message: "Must contain openid", path: ["scope"] });

const syslog = z.strictObject({
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(6514),
  tls: tlsMember.prefault({}).describe("Whom to trust, and our own certificate where the receiver asks for one."),
  format: z
    .enum(SYSLOG_FORMATS)
    .default("fhir")
    .describe("`fhir`: each line is an AuditEvent; `structured`: the structured data of RFC 5424."),
});

/** config/access.yaml. */
export const accessFile = z.strictObject({
  public_url: httpUrl
    .refine((url) => new URL(url).pathname === "/", "Without a path: the engine is served at the root")
    .optional()
    .describe("Where browsers reach the engine: https://botenstoff.klinik.example. Absent: loopback only."),
  providers: z.array(provider).default([]),
  sessions: z
    .strictObject({
      idle: duration("PT15M", "A session ends this long after it was last used."),
      absolute: duration("PT10H", "And this long after it began, whatever happens."),
    })
    .prefault({}),
  step_up: z
    .strictObject({ max_age: duration("PT5M", "The gravest actions ask again who it is after this long.") })
    .prefault({}),
  journal: z
    .strictObject({
      names_kept: duration("P1095D", "How long the journal keeps who somebody was; its chain stays."),
      names_kept_of: z
        .strictObject({
          sign_ins: period("Of signing in and out, break-glass, tokens."),
          reads: period("Of reading content, searching, reading the journal."),
          decisions: period("Of what became of messages, links and tasks."),
          operation: period("Of channels, lanes, alerts, purges."),
        } satisfies Record<JournalClass, unknown>)
        .prefault({})
        .describe("Shorter periods of kinds of lines."),
      syslog: syslog.optional().describe("Where the house gathers such lines: syslog over TLS (RFC 5425)."),
    })
    .prefault({}),
});

export type AccessSettings = z.output<typeof accessFile>;
export type ProviderSettings = AccessSettings["providers"][number];

/** What holds where there is no file: machines only. */
export const NO_FILE: AccessSettings = accessFile.parse({});
