import { z } from "zod";
import { Secret } from "#src/message/secret.ts";
import { insecureMember, plainHttp } from "#src/wire/http/plain.ts";
import { proxyMember } from "#src/wire/http/proxy.ts";
import { tlsMember } from "#src/wire/tls/client-tls.ts";

const secret = z.string().transform((value) => new Secret(value));
const baseUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ""));

const members = z.strictObject({
  type: z.literal("fhir"),
  base_url: baseUrl.describe("base URL of the FHIR R4 server"),
  token: secret.optional().describe("bearer token"),
  username: z.string().optional().describe("user of basic authentication"),
  password: secret.optional().describe("password of basic authentication"),
  request_timeout_secs: z.coerce.number().positive().default(30).describe("how long one request may take"),
  connections: z.coerce.number().int().min(1).max(64).default(8).describe("requests the server gets at once"),
  patient_lookup: z
    .enum(["required", "prefer", "off"])
    .default("required")
    .describe(
      "find the server's Patient by identifier: wait until there is one, use it if there is one, or do not look; without a Patient of the server no search by patient finds the message",
    ),
  resource_ids: z
    .enum(["client", "server"])
    .default("client")
    .describe(
      "whether we choose the ids of what is filed (update as create), or the server, which is asked by identifier",
    ),
  server_urls: z
    .array(baseUrl)
    .default([])
    .describe("other addresses under which the server names itself in links, or hands out attachments"),
  tls: tlsMember.optional().describe("whom to trust, and our certificate for mutual TLS"),
  proxy: proxyMember("off"),
  insecure: insecureMember,
});

export const fhirDestinationConfig = members.superRefine(({ base_url: url, insecure }, context) => {
  const message = plainHttp(url, insecure);
  if (message !== undefined) context.addIssue({ code: "custom", path: ["base_url"], message });
});

export type FhirDestinationConfig = z.output<typeof fhirDestinationConfig>;
