import { z } from "zod";
import { override } from "#src/hl7/override.ts";
import { hl7Profile } from "#src/hl7/profile.ts";

/** What differs from channel to channel; what differs from KIS to KIS is in the profile. */
export const params = z
  .strictObject({
    profile: hl7Profile.describe("Name of a file in config/hl7-profiles; by default international-2.5.1."),
    document_type: z.string().min(1).max(30).default("CN").describe("TXA-2, table 0270 or the KIS's own code."),
    sending_application: z.string().default("BOTENSTOFF").describe("MSH-3."),
    sending_facility: z.string().default("").describe("MSH-4."),
    receiving_application: z.string().default("").describe("MSH-5."),
    receiving_facility: z.string().default("").describe("MSH-6."),
    processing_id: z.enum(["P", "T", "D"]).default("P").describe("MSH-11: production, training or debugging."),
    patient_authorities: z
      .array(z.string())
      .default([])
      .describe("Only identifiers of these assigning authorities go to PID-3, in this order; empty: all."),
    filed_by: z.string().min(1).default("BOTENSTOFF").describe("TXA-5: the system user who files."),
    max_inline_bytes: z
      .int()
      .min(1)
      .default(16 * 1024 * 1024)
      .describe("Largest attachment that travels inside a message, in bytes before base64."),
    oversize: z
      .enum(["scale", "reference", "mention", "refuse"])
      .default("scale")
      .describe(
        "A larger one: make pictures smaller and say so, send a pointer (RP), or mention it in a line; what cannot be " +
          "scaled is sent as a pointer where there is a reference_url, and mentioned otherwise. refuse fails the delivery.",
      ),
    original_in_fhir: z
      .boolean()
      .default(true)
      .describe(
        "The line that mentions one says under which id the FHIR chart has it; false where the channel has none.",
      ),
    reference_url: z
      .string()
      .optional()
      .describe("Where the KIS finds an attachment: {message}, {attachment} and {sha256} are filled in."),
    fields: z.array(override).default([]).describe("This channel's own deviations, after those of the profile."),
  })
  .refine(({ oversize, reference_url: url }) => oversize !== "reference" || url !== undefined, {
    path: ["oversize"],
    message: 'oversize "reference" needs a reference_url',
  });

export type MdmParams = z.infer<typeof params>;

/** The version the messages are of, as a number: 2.5 of "2.5.1" and of "2.5^DEU". The last rule for MSH-12 says it. */
export function versionOf({ profile, fields }: Pick<MdmParams, "profile" | "fields">): number {
  const said = [...profile.fields, ...fields].findLast(({ field, value }) => isVersion(field) && value !== undefined);
  return Number(/^2\.\d+/.exec(said?.value ?? "")?.[0] ?? 2.5);
}

function isVersion(field: string): boolean {
  return field === "MSH-12" || field === "MSH-12.1";
}
