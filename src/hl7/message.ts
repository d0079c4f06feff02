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
export type Field = Value | readonly Component[] | { readonly repeat: readonly (Value | readonly Component[])[] };
export type Component = Value | readonly Value[];
export type Value = string | undefined | BlobSlot;

/** The place of an attachment's base64, filled from the blob store while the frame is written (OBX-5.5). */
export interface BlobSlot {
  readonly blob: string;
}
