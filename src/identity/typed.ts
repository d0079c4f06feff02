import { timingSafeEqual } from "node:crypto";
import { CASE_TYPES, OWN_TYPES } from "#src/hl7/pid.ts";
import type { Identifier, Patient } from "#src/message/directory.ts";
import type { BlindIndex } from "#src/seal/blind-index.ts";
import type { Queryable } from "#src/store/queryable.ts";
import { recordsByCase, recordsByValue, type TypedRecord } from "#src/store/sql/typed.ts";
import type { ApplyDeps } from "./deps.ts";
import { readRecords } from "./directory-deps.ts";
import { valueKey } from "./keys.ts";
import type { Persons } from "./person.ts";

/** What a person gets elsewhere than from a conversation, and types. */
export const TYPED_KINDS = ["birth_date", "case_number", "insurance_number", "patient_number"] as const;
export interface Typed {
  readonly kind: (typeof TYPED_KINDS)[number];
  readonly value: string;
}

export interface Match {
  /** The root. */
  readonly patientId: string;
  readonly patient: Patient;
}

/** The one patient of whom all of this is true; undefined where it is of nobody, or of several. */
export async function patientByTyped(
  deps: ApplyDeps,
  db: Queryable,
  typed: readonly Typed[],
): Promise<Match | undefined> {
  const found = await Promise.all(typed.filter(({ kind }) => kind !== "birth_date").map((one) => find(deps, db, one)));
  const [first, ...others] = found;
  if (!first) return undefined;
  const roots = [...new Set(first.map(({ rootId }) => rootId))].filter((root) =>
    others.every((records) => records.some(({ rootId }) => rootId === root)),
  );
  const persons = await readRecords(deps, db, roots);
  const matching = roots.flatMap((root) => {
    const patient = persons.person(root);
    const held = typed.map((one) => holds(deps.blindIndex, persons, root, one));
    const whole = found.every((records) => records.some((one) => isOf(persons, one, root)));
    return patient && held.every(Boolean) && whole ? [{ patientId: root, patient }] : [];
  });
  return matching.length === 1 ? matching[0] : undefined;
}

/** Whether this is true of the patient. */
export async function isTrueOf(deps: ApplyDeps, db: Queryable, patientId: string, typed: Typed): Promise<boolean> {
  const records = typed.kind === "birth_date" ? undefined : await find(deps, db, typed);
  const persons = await readRecords(deps, db, [patientId]);
  const found = records?.some((one) => one.rootId === patientId && isOf(persons, one, patientId)) ?? true;
  return found && persons.person(patientId) !== undefined && holds(deps.blindIndex, persons, patientId, typed);
}

function find({ blindIndex }: ApplyDeps, db: Queryable, { kind, value }: Typed): Promise<TypedRecord[]> {
  const valueBi = valueKey(blindIndex, value);
  return kind === "case_number" ? recordsByCase(db, valueBi) : recordsByValue(db, valueBi);
}

/** What was told of a record since its merge was undone is not the root's. */
function isOf(persons: Persons, { id, rootId }: TypedRecord, root: string): boolean {
  return rootId === root && !persons.isSomebodyElse(id, root);
}

/** A case is found by its number alone; all else is compared with what the directory knows of the person. */
function holds(blindIndex: BlindIndex, persons: Persons, root: string, { kind, value }: Typed): boolean {
  if (kind === "case_number") return true;
  if (kind === "birth_date") return isSame(blindIndex, dayOf(value), persons.person(root)?.birthDate ?? "");
  const identifiers = persons
    .of(root)
    .filter(({ id }) => !persons.isSomebodyElse(id, root))
    .flatMap(({ record }) => record.identifiers.map((fact) => fact.value))
    .filter((identifier) => kindOf(identifier) === kind);
  return identifiers.map((one) => isSame(blindIndex, one.value, value)).some(Boolean);
}

function kindOf({ type }: Identifier): Typed["kind"] {
  if (CASE_TYPES.has(type)) return "case_number";
  return type === "" || OWN_TYPES.has(type) || type === "PT" ? "patient_number" : "insurance_number";
}

/** In a time that says nothing of what differs, nor where. */
function isSame(blindIndex: BlindIndex, one: string, other: string): boolean {
  return timingSafeEqual(valueKey(blindIndex, one), valueKey(blindIndex, other)) && one !== "" && other !== "";
}

/** YYYY-MM-DD of a day as people write it: 17.5.1980, 1980-05-17, 17051980. "" for anything else. */
function dayOf(text: string): string {
  const digits = /^\s*(\d{1,2})[.\s/-]*(\d{1,2})[.\s/-]*(\d{4})\s*$/.exec(text);
  const iso = /^\s*(\d{4})-(\d{2})-(\d{2})\s*$/.exec(text);
  const [, year = "", month = "", day = ""] = iso ?? (digits ? ["", digits[3], digits[2], digits[1]] : []);
  return year === "" ? "" : `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
}
