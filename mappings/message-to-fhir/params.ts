import { z } from "zod";

export const params = z
  .strictObject({
    patient_identifier_types: z
      .array(z.string())
      .default(["MR", "PI", "PT", ""])
      .describe("HL7 table 0203 types of the identifier the chart knows the patient by, best first"),
    identifier_systems: z
      .record(z.string(), z.string())
      .default({})
      .describe(
        "FHIR system URI of each assigning authority that is neither an OID nor a URI itself; without it a number counts whatever its system, so name it where the server has patients of several hospitals",
      ),
    message_id_system: z
      .string()
      .default("https://graph.facebook.com/whatsapp/message-id")
      .describe("system of the identifier that carries WhatsApp's own message id"),
    kind_system: z
      .string()
      .default("https://graph.facebook.com/whatsapp/message-type")
      .describe("system of the category that says what kind of message it is: text, image, reaction, edit, …"),
    organisation: z
      .string()
      .min(1)
      .optional()
      .describe(
        "how the chart names the hospital, as the sender of what was written on its own phone; by default Krankenhaus, or Hospital",
      ),
  })
  .prefault({});

export type Params = z.output<typeof params>;
