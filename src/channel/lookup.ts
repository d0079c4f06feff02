import { getCountries } from "libphonenumber-js";
import { z } from "zod";
import { Secret } from "#src/message/secret.ts";
import { insecureMember, plainHttp } from "#src/wire/http/plain.ts";
import { proxyMember } from "#src/wire/http/proxy.ts";
import { tlsMember } from "#src/wire/tls/client-tls.ts";

const secret = z.string().transform((value) => new Secret(value));

const common = {
  country: z
    .enum(getCountries())
    .default("DE")
    .describe("Where a phone number without country code belongs, ISO 3166."),
  fresh_for_secs: z.coerce
    .number()
    .positive()
    .default(900)
    .describe("How long an answer holds, also that nobody carries the number."),
  patience_secs: z.coerce
    .number()
    .positive()
    .max(31 * 86_400)
    .default(3_600)
    .describe(
      "How long a message waits for an answer; then it is held, until the look-up answers or a person decides.",
    ),
};

const fhirMembers = z.strictObject({
  type: z.literal("fhir").describe("FHIR R4: Patient search by phone."),
  base_url: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ""))
    .describe("Base URL of the FHIR R4 server."),
  token: secret.optional().describe("Bearer token."),
  username: z.string().optional().describe("User of basic authentication."),
  password: secret.optional().describe("Password of basic authentication."),
  parameter: z.enum(["phone", "telecom"]).default("phone").describe("Search parameter the server knows."),
  encounters: z
    .boolean()
    .default(false)
    .describe("Also asks for the cases of whoever carries the number (Encounter search by patient), for `encounter`."),
  request_timeout_secs: z.coerce.number().positive().default(10).describe("How long one request may take."),
  tls: tlsMember.optional().describe("Whom to trust, and our certificate for mutual TLS."),
  proxy: proxyMember("off"),
  insecure: insecureMember,
  ...common,
});

const fhir = fhirMembers.superRefine(({ base_url: url, insecure }, context) => {
  const message = plainHttp(url, insecure);
  if (message !== undefined) context.addIssue({ code: "custom", path: ["base_url"], message });
});

const pdq = z.strictObject({
  type: z.literal("pdq").describe("HL7 v2: QBP^Q22 over MLLP, answered by RSP^K22 (IHE ITI-21)."),
  host: z.string().min(1).describe("Host name or address of the supplier."),
  port: z.coerce.number().int().min(1).max(65_535).describe("Its TCP port."),
  application: z.string().default("BOTENSTOFF").describe("MSH-3."),
  facility: z.string().default("").describe("MSH-4."),
  receiving_application: z.string().default("").describe("MSH-5."),
  receiving_facility: z.string().default("").describe("MSH-6."),
  query_name: z.string().default("IHE PDQ Query").describe("QPD-1.1, as the supplier expects it."),
  field: z.string().default("@PID.13.1").describe("QPD-3.1: the field by which the supplier searches a number."),
  default_authority: z.string().default("").describe("Assigning authority of identifiers that name none."),
  connect_timeout_secs: z.coerce.number().positive().default(10).describe("How long connecting may take."),
  answer_timeout_secs: z.coerce.number().positive().default(10).describe("How long an answer may take."),
  tls: tlsMember.optional().describe("TLS (IHE ITI-19); cert and key for mutual TLS."),
  ...common,
});

/** How a channel without an ADT feed asks who carries a number. */
export const lookup = z.discriminatedUnion("type", [fhir, pdq]);

export type LookupConfig = z.output<typeof lookup>;
