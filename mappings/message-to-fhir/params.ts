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
    max_attachment_bytes: z
      .int()
      .min(1)
      .optional()
      .describe(
        "largest attachment the server takes, in bytes; by default any, and what the server then refuses for its size is made smaller",
      ),
    oversize: z
      .enum(["scale", "reference", "mention", "refuse"])
      .default("scale")
      .describe(
        "what becomes of a larger one: make pictures smaller and say so, give its address, or mention it in a line; what cannot be scaled gets its address where there is a reference_url, and is mentioned otherwise. refuse fails the delivery",
      ),
    reference_url: z
      .string()
      .optional()
      .describe("where clinicians find an attachment: {message}, {attachment} and {sha256} are filled in"),
  })
  .refine(({ oversize, reference_url: url }) => oversize !== "reference" || url !== undefined, {
    path: ["oversize"],
    message: 'oversize "reference" needs a reference_url',
  })
  .prefault({});

export type Params = z.output<typeof params>;
