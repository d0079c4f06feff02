import { z } from "zod";

/** What differs from KIS to KIS. */
export const params = z.strictObject({
  profile: z
    .enum(["international", "german"])
    .default("international")
    .describe("german: HL7 Deutschland 2.5 profile (accept ACK only, MIME types in ED and TXA-3, MSH-21)."),
  document_type: z.string().min(1).max(30).default("CN").describe("TXA-2, table 0270 or the KIS's own code."),
  sending_application: z.string().default("BOTENSTOFF").describe("MSH-3."),
  sending_facility: z.string().default("").describe("MSH-4."),
  receiving_application: z.string().default("").describe("MSH-5."),
  receiving_facility: z.string().default("").describe("MSH-6."),
  processing_id: z.enum(["P", "T", "D"]).default("P").describe("MSH-11: production, training or debugging."),
  charset: z.string().default("UNICODE UTF-8").describe("MSH-18, table 0211; must name what the destination encodes."),
  patient_authorities: z
    .array(z.string())
    .default([])
    .describe("Only identifiers of these assigning authorities go to PID-3, in this order; empty: all."),
  filed_by: z.string().min(1).default("BOTENSTOFF").describe("TXA-5: the system user who files."),
});

export type MdmParams = z.infer<typeof params>;
