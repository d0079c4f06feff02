/** The delimiters a message declares in MSH-1 and MSH-2. */
export interface Delimiters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
}

/** What HL7 recommends and this engine writes: `|^~\&`. */
export const STANDARD: Delimiters = { field: "|", component: "^", repetition: "~", escape: "\\", subcomponent: "&" };

/** Reads MSH-1 and MSH-2 of a message beginning with MSH; later ones may be left out (HL7 v2.5.1 §2.5.4). */
export function delimitersOf(header: string): Delimiters {
  const field = header[3] ?? STANDARD.field;
  const end = header.indexOf(field, 4);
  const [component, repetition, escape, subcomponent] = header.slice(4, end < 0 ? undefined : end);
  return {
    field,
    component: component ?? STANDARD.component,
    repetition: repetition ?? STANDARD.repetition,
    escape: escape ?? STANDARD.escape,
    subcomponent: subcomponent ?? STANDARD.subcomponent,
  };
}
