import { DELETED, first, identifiersIn } from "#src/hl7/cx.ts";
import type { CxRules, Fields } from "#src/hl7/cx.ts";
import type { Repetition } from "#src/hl7/parse.ts";
import { instantOf } from "#src/hl7/instant.ts";
import { CASE_TYPES } from "#src/hl7/pid.ts";
import type { CaseUpdate, Identifier } from "#src/message/directory.ts";
import type { Trigger } from "./triggers.ts";

export interface CaseRules extends CxRules {
  /** Zone of timestamps without an offset. */
  readonly timeZone: string;
  /** When the KIS recorded the event: a discharge later than that is planned. */
  readonly recordedAt: string;
}

/** What the n-th PV1 says about its case; undefined when the message names none. */
export function caseOf(fields: Fields, { state }: Trigger, rules: CaseRules, nth = 0): CaseUpdate | undefined {
  const number = caseNumber(fields, rules, nth);
  if (!number) return undefined;
  // PV1-51 `H`: a movement of the past, told again; what it says is not how things are.
  if (first(fields("PV1", 51, nth)) === "H") return { number };
  const discharge = instant(fields, 45, nth, rules);
  const given = {
    class: kind(fields, nth),
    admittedAt: instant(fields, 44, nth, rules),
    dischargedAt: discharge,
    location: placeOf(fields("PV1", 3, nth)),
    state: state === "told" ? toldBy(discharge, rules) : state,
  };
  return { number, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

/** A discharge in the past closes, one taken back (`""`) opens; silence is no news about a case known already. */
function toldBy(discharge: string | null | undefined, { recordedAt }: CaseRules): CaseUpdate["state"] {
  if (discharge === null) return { is: "open", certain: true };
  if (discharge !== undefined && discharge <= recordedAt) return { is: "closed", certain: true };
  return { is: "open", certain: false };
}

/** PV1-19; where a sender leaves it empty, PID-18 or a VN among PID-3 (both seen in practice). */
export function caseNumber(fields: Fields, rules: CxRules, nth = 0): Identifier | undefined {
  const visit = identifiersIn(fields("PV1", 19, nth), rules);
  const [found] = [
    ...visit.filter(({ type }) => type === "VN"),
    ...visit,
    ...identifiersIn(fields("PID", 18), rules),
    ...identifiersIn(fields("PID", 3), rules).filter(({ type }) => CASE_TYPES.has(type)),
  ];
  return asCase(found);
}

/** A case number without a type is a visit number. */
export function asCase(found: Identifier | undefined): Identifier | undefined {
  return found && { ...found, type: found.type === "" ? "VN" : found.type };
}

/** PV1-3, as far as it says anything. ^ is no part of a name. */
function placeOf(repetitions: readonly Repetition[]): string | null | undefined {
  const [place] = repetitions;
  if (place === undefined) return undefined;
  if (first(repetitions) === DELETED) return null;
  const parts = place.map(([part = ""]) => (part === DELETED ? "" : part.trim().replaceAll("^", " ")));
  return parts.join("^").replace(/\^+$/, "") || undefined;
}

function kind(fields: Fields, nth: number): string | null | undefined {
  const text = first(fields("PV1", 2, nth));
  return text === "" ? undefined : text === DELETED ? null : text;
}

function instant(fields: Fields, field: number, nth: number, { timeZone }: CaseRules): string | null | undefined {
  const text = first(fields("PV1", field, nth));
  return text === DELETED ? null : instantOf(text, timeZone);
}
