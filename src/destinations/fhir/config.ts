import { z } from "zod";
import { Secret } from "#src/message/secret.ts";

const secret = z.string().transform((value) => new Secret(value));

export const fhirDestinationConfig = z.strictObject({
  type: z.literal("fhir"),
  base_url: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ""))
    .describe("base URL of the FHIR R4 server"),
  token: secret.optional().describe("bearer token"),
  username: z.string().optional().describe("user of basic authentication"),
  password: secret.optional().describe("password of basic authentication"),
  request_timeout_secs: z.coerce.number().positive().default(30).describe("how long one request may take"),
  connections: z.coerce.number().int().min(1).max(64).default(8).describe("requests the server gets at once"),
  patient_lookup: z
    .enum(["prefer", "required", "off"])
    .default("prefer")
    .describe("find the server's Patient by identifier: use it if it is the only one, insist on it, or do not look"),
});

export type FhirDestinationConfig = z.output<typeof fhirDestinationConfig>;
