import { z } from "zod";
import { ROLES, type Role } from "#src/audit/rights.ts";
import { channelId } from "../message-schema.ts";
import { notFound, Problem } from "../problem.ts";
import { json, own, route } from "../route.ts";

const role = z.enum(Object.keys(ROLES) as [Role, ...Role[]]);
const instant = z.iso.datetime({ offset: true });
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "Lower-case letters, digits and hyphens, at most 63")
  .describe("The journal knows the token by it; a name is used once.");

/** As OpenSSL prints it, or without colons. */
const fingerprint = z
  .string()
  .regex(/^(?:[\da-f]{2}:?){31}[\da-f]{2}$/i, "64 hexadecimal digits, with or without colons")
  .describe("SHA-256 fingerprint of a client certificate that stands for it; then no token is shown.");

const tokenSchema = z.strictObject({
  name: z.string(),
  roles: z.array(z.string()),
  channels: z.array(z.string()).nullable().describe("Null: on every channel."),
  created_at: z.iso.datetime(),
  created_by: z.string(),
  expires_at: z.iso.datetime().nullable(),
  revoked_at: z.iso.datetime().nullable(),
  used_at: z.iso.datetime().nullable().describe("To a minute."),
  certificate: z.string().nullable().describe("SHA-256 of the client certificate that stands for it, hex."),
});

const newTokenSchema = z.strictObject({
  name: z.string(),
  token: z.string().nullable().describe("Null: a certificate stands for it."),
});

const wishSchema = z.strictObject({
  name,
  roles: z.array(role).min(1),
  channels: z.array(channelId).min(1).optional().describe("Only on these channels; absent: on all."),
  certificate: fingerprint.optional(),
  expires_at: instant.optional().describe("Absent: until it is revoked."),
});

export const listTokens = route({
  operationId: "listTokens",
  tag: "access",
  method: "get",
  path: "/api/v1/tokens",
  right: "tokens.manage",
  summary: "Lists machine tokens by name, revoked ones too",
  details: "The token of the environment variable is not among them: its name is `env`.",
  answer: json("TokenList", z.strictObject({ items: z.array(tokenSchema) }), "All of them."),
  handle: async (_input, { deps }) => ({
    items: (await deps.access.tokens.list()).map((token) => ({
      name: token.name,
      roles: [...token.roles],
      channels: token.channels && [...token.channels],
      created_at: token.createdAt.toISOString(),
      created_by: token.createdBy,
      expires_at: token.expiresAt?.toISOString() ?? null,
      revoked_at: token.revokedAt?.toISOString() ?? null,
      used_at: token.usedAt?.toISOString() ?? null,
      certificate: token.certificate?.toString("hex") ?? null,
    })),
  }),
});

const TAKEN = "Choose another; a name is used once, and a certificate stands for one token.";

export const createToken = route({
  operationId: "createToken",
  tag: "access",
  method: "post",
  path: "/api/v1/tokens",
  right: "tokens.manage",
  summary: "Makes a machine token",
  details: "It is shown this once; the database keeps a hash.",
  body: wishSchema,
  answer: json("NewToken", newTokenSchema, "The token.", 201),
  problems: { 409: "The name is taken, by a revoked token too, or the certificate stands for another." },
  handle: async ({ body }, context) => {
    const { deps, principal } = context;
    const expiresAt = body.expires_at === undefined ? undefined : new Date(body.expires_at);
    const certificate =
      body.certificate === undefined ? undefined : Buffer.from(body.certificate.replaceAll(":", ""), "hex");
    const token = await deps.store.transaction(async (db) => {
      const made = await deps.access.tokens.create(db, { ...body, expiresAt, certificate }, principal.actor);
      if (made !== undefined) {
        const detail = {
          roles: body.roles.join(" "),
          channels: body.channels?.join(" ") ?? null,
          ...(certificate && { certificate: certificate.toString("hex") }),
        };
        await context.journal({ action: "token.created", subject: body.name, detail }, db);
      }
      return made;
    });
    if (token === undefined) throw new Problem(409, "problem:name-taken", "The name is taken", TAKEN);
    return { name: body.name, token: certificate ? null : token };
  },
});

export const revokeToken = route({
  operationId: "revokeToken",
  tag: "access",
  method: "delete",
  path: "/api/v1/tokens/:name",
  right: "tokens.manage",
  summary: "Revokes a machine token, at once and for good",
  params: z.strictObject({ name }),
  names: "token",
  answer: { ...own("text/plain", "It is revoked.", 204), empty: true },
  handle: async ({ params }, context) => {
    const { deps } = context;
    const revoked = await deps.store.transaction(async (db) => {
      const done = await deps.access.tokens.revoke(db, params.name);
      if (done) await context.journal({ action: "token.revoked", subject: params.name, detail: {} }, db);
      return done;
    });
    if (!revoked) throw notFound("token");
  },
});
