import type { Encounter, Identifier } from "#src/message/directory.ts";
import { component, DELETED, identifierOf } from "./field.ts";
import type { Fields } from "./field.ts";
import { CASE_TYPES } from "./patient.ts";
import { instantOf } from "./time.ts";

/** What a trigger says about the case: `told` leaves it to PV1-45, because A08 comes before and after a discharge. */
export type CaseState = "open" | "closed" | "told";

/** The case of PV1, or undefined when the message names none. */
export function encounterOf(fields: Fields, state: CaseState, timeZone: string): Encounter | undefined {
  const number = caseNumber(fields);
  if (!number) {
    return undefined;
  }
  const kind = first(fields, "PV1", 2);
  const admittedAt = instantOf(first(fields, "PV1", 44), timeZone);
  const discharge = instantOf(first(fields, "PV1", 45), timeZone);
  const open = state === "told" ? discharge === undefined : state === "open";
  return {
    number,
    ...(kind !== "" && kind !== DELETED && { class: kind }),
    open,
    ...(admittedAt !== undefined && { admittedAt }),
    ...(!open && discharge !== undefined && { dischargedAt: discharge }),
  };
}

/** PV1-19; where a sender leaves it empty, PID-18 or a VN among PID-3 (both seen in practice). */
function caseNumber(fields: Fields): Identifier | undefined {
  const inPid3 = fields("PID", 3).filter((cx) => CASE_TYPES.has(identifierOf(cx).type));
  const found = [...fields("PV1", 19), ...fields("PID", 18), ...inPid3]
    .map(identifierOf)
    .find(({ value }) => value !== "" && value !== DELETED);
  return found && { ...found, type: found.type === "" ? "VN" : found.type };
}

function first(fields: Fields, segment: string, field: number): string {
  const [repetition] = fields(segment, field);
  return repetition ? component(repetition, 1) : "";
}
