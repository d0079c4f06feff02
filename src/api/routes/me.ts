import { z } from "zod";
import { channelsOf, rightsOf } from "#src/audit/principal.ts";
import { RIGHTS, ROLES, type Right, type Role } from "#src/audit/rights.ts";
import { json, route } from "../route.ts";

const role = z.enum(Object.keys(ROLES) as [Role, ...Role[]]);
const right = z.enum(Object.keys(RIGHTS) as [Right, ...Right[]]);

const meSchema = z.strictObject({
  kind: z.enum(["machine", "person"]),
  provider: z.string().describe("`token`, or the id of the identity provider."),
  name: z.string().nullable().describe("The person's or the token's name."),
  roles: z.array(role),
  rights: z
    .array(z.strictObject({ right, channels: z.array(z.string()).nullable().describe("Null: on every channel.") }))
    .describe("What the roles allow, and where."),
  session: z
    .strictObject({
      id: z.uuid(),
      csrf: z.string().describe("Goes into X-CSRF-Token of every writing request."),
      proven_at: z.iso
        .datetime()
        .nullable()
        .describe(
          "When the person last proved who he is, as the gravest actions ask for; null: the provider does not say.",
        ),
      idle_ends_at: z.iso.datetime(),
      ends_at: z.iso.datetime(),
    })
    .nullable()
    .describe("Null for machines."),
});

export const me = route({
  operationId: "me",
  tag: "access",
  method: "get",
  path: "/api/v1/me",
  right: "somebody",
  summary: "Says who is asking, and what he may",
  answer: json("Me", meSchema, "The caller."),
  handle: (_input, { principal, session }) => ({
    kind: principal.kind === "person" ? ("person" as const) : ("machine" as const),
    provider: principal.provider,
    name: principal.person ? principal.person.name : principal.subject,
    roles: [...new Set(principal.grants.map((grant) => grant.role))],
    rights: rightsOf(principal).map((name) => {
      const channels = channelsOf(principal, name);
      return { right: name, channels: channels ? [...channels] : null };
    }),
    session:
      session && principal.person
        ? {
            id: principal.person.session,
            csrf: session.csrf,
            proven_at: principal.person.provenAt === 0 ? null : new Date(principal.person.provenAt).toISOString(),
            idle_ends_at: session.idleEndsAt.toISOString(),
            ends_at: session.endsAt.toISOString(),
          }
        : null,
  }),
});
