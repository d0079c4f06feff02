import { parseHl7Text, type Repetition } from "#src/hl7/parse.ts";
import type { Identifier } from "#src/message/directory.ts";

export type { Repetition };

/** The repetitions of a field of the first segment of that name; [] when it is silent. */
export type Fields = (segment: string, field: number) => readonly Repetition[];

/** HL7's explicit null: two quotes delete, nothing at all is silent (HL7 v2.5.1 2.5.3.5). */
export const DELETED = '""';

export function fieldsOf(text: string): Fields {
  const message = parseHl7Text(text);
  return (segment, field) => message.repetitions(segment, field);
}

/** A component, counted from 1; "" when it is silent. */
export function component(repetition: Repetition, index: number): string {
  return repetition[index - 1]?.[0] ?? "";
}

export function isDeleted(repetition: Repetition | undefined): boolean {
  return repetition !== undefined && component(repetition, 1) === DELETED;
}

/** A CX. The authority is the OID of CX-4 where it has one: names are written differently by every sender. */
export function identifierOf(cx: Repetition): Identifier {
  const [namespace = "", universal = ""] = cx[3] ?? [];
  return { value: component(cx, 1), authority: universal === "" ? namespace : universal, type: component(cx, 5) };
}
