import type { Component, Field, Segment } from "#src/hl7/message.ts";
import type { Assigner, Identifier } from "#src/message/directory.ts";

/** A segment from its field numbers as the standard counts them; `first` is the number of `fields[0]`. */
export function segment(name: string, first: number, numbered: Readonly<Record<number, Field>>): Segment {
  const last = Math.max(...Object.keys(numbered).map(Number));
  return { name, fields: Array.from({ length: last - first + 1 }, (_, index) => numbered[first + index]) };
}

/** CX: number, assigning authority, type. */
export function cx({ value, authority, type, assigner }: Identifier): Component[] {
  return [value, "", "", assigner ? asItCame(assigner) : hd(authority), type];
}

function asItCame({ namespace, universalId, universalType }: Assigner): Component {
  return [namespace, universalId, universalType];
}

/** HD: a namespace as it stands, an OID or URI with its type in the second and third part. */
function hd(authority: string): Component {
  if (/^[0-2](\.\d+)+$/.test(authority)) {
    return ["", authority, "ISO"];
  }
  return /^[a-z][a-z0-9+.-]*:/i.test(authority) ? ["", authority, "URI"] : authority;
}
