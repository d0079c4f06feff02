import { z } from "zod";
import { LANGUAGES } from "#src/message/language.ts";
import { HOLD_REASONS } from "#src/message/message.ts";
import type { HoldReason } from "#src/message/message.ts";
import { caseRule } from "./case-rule.ts";
import { durationUpTo } from "./duration.ts";
import { NAME } from "./names.ts";
import { lookup } from "./lookup.ts";
import { filter, holidays, timezone } from "./filter/schema.ts";

const ID = /^[a-z][a-z0-9-]{1,62}$/;

/** What patients send from their phones, without what carries macros. */
const ALLOWED_TYPES = [
  ...["image/jpeg", "image/png", "image/webp", "image/heic"],
  ...["audio/ogg", "audio/aac", "audio/amr", "audio/mpeg", "audio/mp4"],
  ...["video/mp4", "video/3gpp"],
  ...["application/pdf", "text/plain"],
];

/** Never what a browser would run. A picture whose metadata cannot be taken out is filed as it came. */
const FILEABLE_TYPE =
  /^(image\/(jpeg|png|webp|heic|heif|gif|bmp|tiff)|(audio|video)\/[a-z0-9.+-]+|text\/(plain|csv|vcard|x-vcard|calendar|rtf)|application\/(?!xml|xhtml|javascript|ecmascript)[a-z0-9.+-]+)$/;

const judged = z.enum(["hold", "note", "allow"]);

const pdf = z
  .strictObject({
    javascript: judged.default("hold").describe("Scripts, and forms that are made of them (JavaScript, XFA)."),
    launch: judged.default("hold").describe("Starts a program (Launch)."),
    submit_form: judged
      .default("hold")
      .describe("Sends what is typed into it, or fetches it (SubmitForm, ImportData)."),
    embedded_files: judged.default("hold").describe("Other files in it (EmbeddedFiles, RichMedia)."),
    uri: judged.default("allow").describe("Links (URI)."),
    open_action: judged
      .default("allow")
      .describe("Does something when it is opened (OpenAction), a first view mostly."),
    additional_actions: judged.default("allow").describe("Does something with a page or field (AA)."),
    encrypted: judged.default("note").describe("Encrypted: not looked into, and may need a password (Encrypt)."),
  })
  .describe(
    "What becomes of a PDF that has it: hold it for a person (quarantine), file it with a note that says so, or allow it.",
  );

const attachments = z.strictObject({
  allow: z
    .array(z.string().toLowerCase().regex(FILEABLE_TYPE, "Not a type the engine can file"))
    .default(ALLOWED_TYPES)
    .describe("MIME types that may be filed; an attachment of any other type is held (quarantine)."),
  patience: durationUpTo(7)
    .prefault("PT2M")
    .describe(
      "For so long a message waits for an attachment that cannot be fetched, and its conversation with it, ISO 8601; " +
        "then it goes on with a placeholder, and the attachment follows when it comes.",
    ),
  pdf: pdf.prefault({}),
});

const patient = z.strictObject({
  phones: z.array(z.string()).default([]).describe("The patient's own numbers, E.164 digits without +."),
  identifiers: z
    .array(z.strictObject({ value: z.string(), authority: z.string().default(""), type: z.string().default("") }))
    .default([{ value: "P-1", authority: "TEST", type: "PI" }])
    .describe("Identifiers as in PID-3."),
  encounter: z.string().optional().describe("The number of the one open case."),
  level: z.coerce.number().int().min(0).max(4).default(1).describe("Link level of these numbers."),
});

/** The year in which the WhatsApp Business Platform began to be of use to a hospital. */
const FIRST_DAY = "2018-01-01";
/** Somewhere it is tomorrow already. */
const DAY_MS = 86_400_000;

/** How long content and people may wait where a channel's file does not say. */
export const LIMITS = {
  hardMaxAge: "P30D",
  unknownSender: "P7D",
  stopsFor: "PT4H",
  shownWithin: "P1D",
  dueAfter: "PT4H",
  escalateAfter: "P1D",
} as const;

const clearing = z.strictObject({
  four_eyes: z
    .stringbool()
    .or(z.boolean())
    .default(true)
    .describe("Whether a second person confirms who a contact is before anything of theirs is filed."),
  due_after: durationUpTo(31).prefault(LIMITS.dueAfter).describe("By when what is held is to be decided, ISO 8601."),
  escalate_after: durationUpTo(31)
    .prefault(LIMITS.escalateAfter)
    .describe("When somebody else is told that it still is not, ISO 8601."),
});

const expectation = z
  .strictObject({
    routed: z.array(z.string()).optional().describe("The destinations that get a delivery, each mapped without error."),
    held: z
      .enum(Object.keys(HOLD_REASONS) as [HoldReason, ...HoldReason[]])
      .optional()
      .describe("The message waits for a human for this reason."),
    filtered: z.literal(true).optional().describe("The filter stops the message."),
  })
  .refine((value) => Object.keys(value).length === 1, "Expected exactly one of routed, held, filtered");

const test = z.strictObject({
  name: z.string().min(1).describe("What is shown, as a sentence."),
  given: z.string().describe("A webhook body (.json) or an HL7 message (.hl7), relative to this file."),
  at: z.iso.datetime({ offset: true }).optional().describe("When it comes in; by default when 2026 begins, UTC."),
  patients: z.array(patient).optional().describe("The directory; by default one patient who owns the sender's number."),
  expect: expectation.describe("What becomes of every message cut from it."),
});

/** What every channel file says; the fields of its connectors are checked against their own specs. */
export const channelFile = z.strictObject({
  id: z.string().regex(ID).describe("Name of the channel; the same as the file's."),
  title: z.string().min(1).describe("What the channel does, in a few words."),
  language: z.enum(LANGUAGES).default("de").describe("In which patients and clinicians read what the engine adds."),
  source: z.looseObject({ type: z.string() }).describe("Where messages come from."),
  attachments: attachments.prefault({}).describe("What attachments may be."),
  filter: filter.optional().describe("FHIRPath condition over the message; without it everything passes."),
  timezone,
  holidays,
  identity: z
    .strictObject({
      require_level: z.coerce
        .number()
        .int()
        .min(0)
        .max(4)
        .default(1)
        .describe(
          "Weakest link that may file: 1 the number is exactly one patient's, 2 a clerk with two identifiers or a code " +
            "given at admission, 3 two persons or a code and a challenge, 4 seen in person. 0 is the same as 1.",
        ),
      reverify_after: durationUpTo(3_660)
        .optional()
        .describe(
          "A link that was last verified longer ago files nothing, and neither does a number that the directory was last " +
            "told of longer ago, ISO 8601; without it both hold as long as nothing speaks against them.",
        ),
      encounter: caseRule.optional(),
      lookup: lookup.optional().describe("Asks the KIS who carries a number; without it an ADT feed must tell."),
    })
    .optional()
    .describe("How sure the engine must be who wrote; without it nobody is identified."),
  clearing: clearing.prefault({}).describe("How people decide about what is held."),
  destinations: z
    .array(
      z.looseObject({
        id: z
          .string()
          .regex(NAME)
          .refine((id) => id !== "prepare", 'Reserved: the engine\'s own lane is named "prepare"')
          .describe("Name within the channel."),
        type: z.string(),
        mapping: z
          .string()
          .regex(NAME, "Not a mapping's name: small letters, digits and hyphens")
          .describe("Folder under mappings/ that renders the message."),
        with: z.looseObject({}).default({}).describe("The mapping's parameters."),
        on_permanent: z
          .enum(["park", "skip"])
          .default("park")
          .describe("After a permanent failure the lane waits for a person, or goes on with the next message."),
        stops_for: durationUpTo(31)
          .prefault(LIMITS.stopsFor)
          .describe(
            "How long one message may stop its own conversation here: refused for good, or tried in vain while others " +
              "get through. Then it is failed, and what comes after it goes on. ISO 8601.",
          ),
        shown_within: durationUpTo(31)
          .prefault(LIMITS.shownWithin)
          .describe(
            "How long after it has accepted a message it may take to show it. Then the message is failed, and a person " +
              "decides. ISO 8601.",
          ),
      }),
    )
    .min(1)
    .describe("Where messages go."),
  retention: z
    .strictObject({
      after_filed: durationUpTo(366).describe("Kept this long after the KIS provably holds it, ISO 8601."),
      hard_max_age: durationUpTo(366)
        .prefault(LIMITS.hardMaxAge)
        .describe("Nothing stays unseen longer than this, ISO 8601."),
      unknown_sender: durationUpTo(366)
        .prefault(LIMITS.unknownSender)
        .describe("Kept this long when nobody knows the sender, ISO 8601."),
    })
    .describe("How long content stays here."),
  ack_only_waiver: z
    .strictObject({
      signed_by: z.string().min(1).describe("Who answers for it."),
      date: z.iso
        .date()
        .refine((date) => date >= FIRST_DAY, `Before ${FIRST_DAY} there was nothing to sign`)
        .refine((date) => Date.parse(date) <= Date.now() + DAY_MS, "It is signed in the future")
        .describe("When it was signed."),
      reason: z.string().min(1).describe("Why no read path exists."),
    })
    .optional()
    .describe("Consent to purge on an acknowledgement alone, where no destination can be read back."),
  tests: z.array(test).default([]).describe("Run by `botenstoff test`; a channel whose tests fail is not deployed."),
});

export type ChannelFile = z.infer<typeof channelFile>;
export type ChannelTest = z.infer<typeof test>;

/** The members of a destination that are the channel's; all others are its connector's. */
export const DESTINATION_MEMBERS = ["id", "mapping", "with", "on_permanent", "stops_for", "shown_within"] as const;
