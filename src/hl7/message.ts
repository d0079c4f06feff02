import type { Sheet } from "#src/message/sheet.ts";

/**
 * An HL7 v2 message as data, before encoding. Values are plain text; `encode` escapes them in exactly one place.
 * Levels nest as arrays: field → repetitions → components → subcomponents.
 */
export interface Hl7Message {
  readonly segments: readonly Segment[];
}

/** `fields[0]` is field 1 (SEG-1). For MSH the encoder writes MSH-1 and MSH-2 itself and `fields[0]` is MSH-3. */
export interface Segment {
  readonly name: string;
  readonly fields: readonly Field[];
}

/** "" or undefined = not valued. `repeat` holds repetitions; an array holds components, an inner array subcomponents. */
export type Field = Repetition | Repeated;
export type Repetition = Value | readonly Component[];
export interface Repeated {
  readonly repeat: readonly Repetition[];
}
export type Component = Value | readonly Value[];
export type Value = string | undefined | FormattedText | Slot;

/** Lines of a value of type FT: written with `\.br\` between them, which only FT knows (HL7 v2.5.1 §2.7.6). */
export interface FormattedText {
  readonly lines: readonly string[];
}

/** The place of base64 that is made while the message is sent (OBX-5.5), so that no image travels as a string. */
export type Slot = BlobSlot | ScaledSlot | PdfSlot;

/** An attachment as it is, streamed from the blob store. */
export interface BlobSlot {
  readonly blob: string;
}

/** An attached picture, made smaller until it has at most so many bytes. */
export interface ScaledSlot {
  readonly scaled: string;
  readonly maxBytes: number;
}

/** A document, drawn as PDF/A. */
export interface PdfSlot {
  readonly pdf: Sheet;
}

/**
 * The plain text a field says first: of its first repetition, component and subcomponent, however it is nested (a
 * constant of a profile is read as components). "" where it says none.
 */
export function plainText(field: Field): string {
  if (typeof field === "string") return field;
  if (field === undefined) return "";
  if (Array.isArray(field)) return plainText((field as readonly Component[])[0]);
  return "repeat" in field ? plainText(field.repeat[0]) : "";
}

/** A field of MSH by its number; the first that `fields` holds is MSH-3. */
export function headerField(message: Hl7Message, number: number): string {
  return plainText(message.segments[0]?.fields[number - 3]);
}
