import { z } from "zod";
import { CHARSETS } from "./charset.ts";
import { override, type Trigger } from "./override.ts";

const triggers = <T extends Trigger>(allowed: readonly [T, ...T[]]) => z.enum(allowed);

const timestamps = z.strictObject({
  zone: z
    .string()
    .refine(isZone, "Unknown time zone; expected a name such as Europe/Berlin or UTC")
    .describe("IANA time zone instants are written in."),
  offset: z.boolean().describe("Whether the offset from UTC follows: 20260102040405+0100."),
});

const events = z.strictObject({
  message: triggers(["T02", "T01"]).describe("A new message: with its content, or as a notification only."),
  reply: triggers(["T02", "T06", "T05", "T01"]).describe("One that answers another."),
  reaction: triggers(["T06", "T05", "T02"]).describe("An emoji on another message."),
  addendum: triggers(["T08", "T10", "T06", "T02"])
    .optional()
    .describe("An attachment that came after its message was filed."),
  edit: triggers(["T10", "T02", "T09", "T08", "T07", "T06", "T05"]).describe("A later wording of an earlier message."),
  caption: triggers(["T06", "T05", "T02"]).describe("A later caption of a picture or file that is not sent again."),
  revoke: triggers(["T06", "T05", "T04", "T03", "T02", "T11"]).describe("The sender deleted an earlier message."),
});

const members = {
  title: z.string().min(1).describe("Whose dialect it is."),
  charset: z.enum(CHARSETS as [string, ...string[]]).describe("MSH-18, and the encoding of the bytes."),
  timestamps,
  text: z.enum(["TX", "FT"]).describe("OBX-2 of text: lines as repetitions of TX, or one FT with \\.br\\."),
  long_text: z
    .enum(["split", "keep"])
    .default("split")
    .describe("Text longer than OBX-5 holds (65,536 characters): goes on in a further OBX, or stays in one."),
  encapsulated: z
    .enum(["international", "tables", "mime", "german"])
    .describe("ED: ^IM^JPEG^Base64^… (tables: by table 0291 alone), ^image^jpeg^Base64^… or ^image/jpeg^^Base64^…"),
  render: z.enum(["observations", "pdf"]).describe("The message as OBX segments, or drawn as one PDF/A document."),
  beside_pdf: z
    .enum(["attach", "mention"])
    .describe("What cannot be drawn: an OBX of its own after the PDF, or a line in it that says it is not there."),
  events,
  day: z
    .strictObject({ update: triggers(["T08", "T10"]).describe("A later message: an edit, or a replacement.") })
    .optional()
    .describe("One PDF/A for all messages of a conversation on a day, in `timestamps.zone`, instead of one for each."),
  fields: z.array(override).describe("Deviations field by field, in order; a later one wins."),
};

/** How one KIS wants its MDM messages, complete. Plain JSON: it is frozen with the mapping's parameters. */
export const hl7Profile = z.strictObject(members).refine(({ day, render }) => day === undefined || render === "pdf", {
  path: ["day"],
  message: "A day is drawn: it needs render: pdf",
});

export type Hl7Profile = z.output<typeof hl7Profile>;

/** A file of config/hl7-profiles: what it says itself; the rest it has from the profile it extends. */
export const hl7ProfileFile = z.strictObject({
  ...members,
  charset: members.charset.optional(),
  timestamps: timestamps.partial().optional(),
  text: members.text.optional(),
  long_text: members.long_text.unwrap().optional(),
  encapsulated: members.encapsulated.optional(),
  render: members.render.optional(),
  beside_pdf: members.beside_pdf.optional(),
  events: events.partial().optional(),
  fields: members.fields.optional(),
  extends: z.string().optional().describe("The profile it starts from, by its file name without .yaml."),
});

export type Hl7ProfileFile = z.output<typeof hl7ProfileFile>;

/** The profile a channel has when it names none. */
export const DEFAULT_PROFILE = "international-2.5.1";

/** What a profile extends comes first; its field rules are applied before its own. */
export function extendProfile(base: Hl7ProfileFile, own: Hl7ProfileFile): Hl7ProfileFile {
  return {
    ...base,
    ...own,
    timestamps: { ...base.timestamps, ...own.timestamps },
    events: { ...base.events, ...own.events },
    fields: [...(base.fields ?? []), ...(own.fields ?? [])],
  };
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
