import type { Identifier } from "#src/message/directory.ts";
import type { ParsedMessage, Repetition } from "./parse.ts";

/** HL7's explicit null: two quotes delete, nothing at all is silent (HL7 v2.5.1 2.5.3.5). */
export const DELETED = '""';

/** The repetitions of a field of the n-th segment of that name (from 0); [] when it is silent. */
export type Fields = ParsedMessage["repetitions"];

/** A component, counted from 1; "" when it is silent. */
export function component(repetition: Repetition | undefined, index: number): string {
  return repetition?.[index - 1]?.[0] ?? "";
}

/** The first component of a field's first repetition; "" when it is silent. */
export function first(repetitions: readonly Repetition[], index = 1): string {
  return component(repetitions[0], index);
}

export function isDeleted(repetition: Repetition | undefined): boolean {
  return component(repetition, 1) === DELETED;
}

/** How this sender's identifiers are completed where they say less than others do. */
export interface CxRules {
  /** Authority of an identifier that names none. */
  readonly defaultAuthority: string;
  /** Names of authorities that mean the same, by the name the sender uses in short ("HAUS" → its OID). */
  readonly authorities: Readonly<Record<string, string>>;
}

/** A CX. The authority is the OID of CX-4 where it has one: names are written differently by every sender. */
export function identifierOf(cx: Repetition, rules: CxRules): Identifier {
  const parts = (cx[3] ?? []).map((part) => (part === DELETED ? "" : part.trim()));
  const [namespace = "", universal = ""] = parts;
  const name = universal === "" ? namespace : universal;
  const type = component(cx, 5).trim();
  const known = rules.authorities[name];
  return {
    value: component(cx, 1).trim(),
    authority: known ?? (name === "" ? rules.defaultAuthority : name),
    type: type === DELETED ? "" : type.toUpperCase(),
    // A name that means another is written as that other.
    ...(known === undefined && assignerOf(parts)),
  };
}

/** A namespace alone, or an OID that says so, is written again from the authority; all else is kept as it came. */
function assignerOf([namespace = "", universalId = "", universalType = ""]: readonly string[]): Pick<
  Identifier,
  "assigner"
> {
  const isOid = /^[0-2](\.\d+)+$/.test(universalId) && universalType === "ISO";
  if (universalId === "" || (namespace === "" && isOid)) return {};
  return {
    assigner: {
      ...(namespace !== "" && { namespace }),
      universalId,
      ...(universalType !== "" && { universalType }),
    },
  };
}

/** The identifiers of a field that say something. */
export function identifiersIn(repetitions: readonly Repetition[], rules: CxRules): Identifier[] {
  return repetitions.map((cx) => identifierOf(cx, rules)).filter(({ value }) => value !== "" && value !== DELETED);
}
