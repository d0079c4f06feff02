import { z } from "zod";
import { BotenstoffError } from "#src/message/error-code.ts";
import { STANDARD } from "./delimiters.ts";
import { unescapeText } from "./escape.ts";
import { readCondition, type Looked } from "./condition.ts";
import { plainText, type Component, type Field, type Repetition, type Segment, type Value } from "./message.ts";
import { withSegment } from "./place-segment.ts";

/** The events of the MDM family (HL7 v2.5.1 ch. 9.6). */
export const TRIGGERS = ["T01", "T02", "T03", "T04", "T05", "T06", "T07", "T08", "T09", "T10", "T11"] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** What `from:` may name; a mapping gives each its value. */
export const VALUES = [
  "case.bed",
  "case.class",
  "case.location",
  "case.number",
  "case.room",
  "case.ward",
  "document.file_name",
  "document.id",
  "document.mime_type",
  "document.parent",
  "document.presentation",
  "message.id",
  "message.kind",
  "message.received_at",
  "message.sent_at",
  "patient.birth_date",
  "patient.degree",
  "patient.family_name",
  "patient.further_given_names",
  "patient.given_name",
  "patient.identifier",
  "patient.identifiers",
  "patient.name_prefix",
  "patient.name_suffix",
  "patient.sex",
  "routed_at",
  "sender.name",
  "sender.phone",
  "sender.role",
  "trigger",
] as const;
export type ValueName = (typeof VALUES)[number];

const FIELD = /^([A-Z][A-Z0-9]{2})-([1-9]\d{0,2})(?:\.([1-9]\d?))?$/;
const FROM = /^([a-z_.]+)(?:\(([^,()]+)(?:,\s*([^,()]+))?\))?$/;
/** Written by the engine alone: how a message is read, recognised as a repeat, and what it carries. */
const ENGINES_OWN = /^(MSH-[129]|MSH-10|OBX-[125])(\.|$)/;

const EXPECTED_CONDITION = 'Expected "name = word", "name != word", "name in a, b", "name not in a, b", or FHIRPath';

/** One deviation of a KIS from what the mapping writes, e.g. `{ field: PID-2, from: patient.identifier(PI), pad: 10 }`. */
export const override = z
  .strictObject({
    field: z
      .string()
      .regex(FIELD, "Expected a field or component of a segment: TXA-2, PID-5.1, PV2-3, ZDO-1")
      .refine((field) => !ENGINES_OWN.test(field), "The engine writes this field itself")
      .describe("Where: SEG-field or SEG-field.component; a segment that is not there yet is added."),
    value: z.string().optional().describe("A constant in HL7 notation, e.g. 2.5^DEU&&HL70399."),
    from: z
      .string()
      .refine((from) => isValueName(FROM.exec(from)?.[1]), `Unknown value; expected one of ${VALUES.join(", ")}`)
      .refine(
        (from) => FROM.exec(from)?.[2] === undefined || /^patient\.identifiers?\(/.test(from),
        "Only patient.identifier(s) takes arguments: patient.identifier(PI), patient.identifiers(PI, AUTHORITY)",
      )
      .optional()
      .describe("A value of the message, e.g. patient.identifier(PI)."),
    empty: z.literal(true).optional().describe("Leave it empty."),
    when: z
      .string()
      .max(1_000)
      .superRefine((text, context) => {
        try {
          readCondition(text, isConditionName);
        } catch (error) {
          const fault = Error.isError(error) ? error.message : String(error);
          context.addIssue({ code: "custom", message: `${EXPECTED_CONDITION}: ${fault}` });
        }
      })
      .optional()
      .describe(
        "Only in messages of which this is so: kind = image, case.class != I, kind in image, video; or FHIRPath over " +
          "the message, patient, case and trigger: attachments.count() > 1.",
      ),
    map: z
      .record(z.string(), z.string())
      .optional()
      .describe("A table: what is written for each value; * for any other, which is left empty without it."),
    after: z
      .string()
      .regex(/^[A-Z][A-Z0-9]{2}$/, "Expected the name of a segment")
      .optional()
      .describe("After which segment a segment is added that is not there yet."),
    pad: z.int().min(1).max(99).optional().describe("Fill a value up to so many characters with zeros on the left."),
    max: z.int().min(1).max(65_536).optional().describe("Cut each part of the value after so many characters."),
    required: z.literal(true).optional().describe("A message without a value here is refused."),
    on: z.array(z.enum(TRIGGERS)).min(1).optional().describe("Only in messages of these events; absent: in all."),
  })
  .refine(
    ({ value, from, empty }) => [value, from, empty].filter((one) => one !== undefined).length < 2,
    "Expected at most one of value, from, empty",
  )
  .refine(
    ({ field, value }) => !field.includes(".") || !/[~^]/.test(value ?? ""),
    "A component's value holds no ^ or ~",
  )
  .refine(
    ({ field: _field, on: _on, when: _when, after: _after, ...rules }) =>
      Object.values(rules).some((rule) => rule !== undefined),
    "Expected a rule: value, from, empty, map, pad, max or required",
  );

export type Override = z.output<typeof override>;

/** Gives a value by its name; `type` and `authority` pick one of the patient's identifiers. */
export type ValueOf = (name: ValueName, type?: string, authority?: string) => Field;

/**
 * Applies overrides in their order, so a later one wins.
 * @param filed what FHIRPath conditions look at
 * @throws BotenstoffError MAPPING_FAILED naming the field that is required and has no value
 */
export function applyOverrides(
  segments: readonly Segment[],
  overrides: readonly Override[],
  trigger: Trigger,
  valueOf: ValueOf,
  filed: object = {},
): Segment[] {
  const looked = {
    filed: { ...filed, trigger },
    valueOf: (name: string) => plainText(valueOf(CONDITION_NAMES[name] ?? (name as ValueName))),
  };
  return overrides
    .filter(({ on, when }) => (on?.includes(trigger) ?? true) && (when === undefined || holds(when, looked)))
    .reduce((current, rule) => applyOne(current, rule, valueOf), [...segments]);
}

function applyOne(segments: Segment[], rule: Override, valueOf: ValueOf): Segment[] {
  const [, name = "", number = "", component] = FIELD.exec(rule.field) ?? [];
  const known = segments.some((segment) => segment.name === name);
  if (!known) {
    // A segment that says nothing is not added, unless something has to stand there.
    const [added] = applyOne([{ name, fields: [] }], rule, valueOf);
    const says = added?.fields.some((field) => !isEmpty(field));
    return added && says ? withSegment(segments, added, rule.after) : segments;
  }
  const all = segments;
  // The encoder writes MSH-1 and MSH-2 itself: its first field is MSH-3.
  const index = Number(number) - (name === "MSH" ? 3 : 1);
  return all.map((segment) => {
    if (segment.name !== name) return segment;
    const fields = Array.from({ length: Math.max(segment.fields.length, index + 1) }, (_, at) => segment.fields[at]);
    fields[index] =
      component === undefined
        ? changed(rule, fields[index], valueOf)
        : withComponent(fields[index], Number(component) - 1, (old) => changed(rule, old, valueOf));
    return { name, fields };
  });
}

function changed(rule: Override, old: Field, valueOf: ValueOf): Field {
  const value = shaped(sourceOf(rule, old, valueOf), rule);
  if (rule.required && isEmpty(value)) {
    throw new BotenstoffError(
      "MAPPING_FAILED",
      `mapping to HL7: the profile requires ${rule.field}, there is no value`,
    );
  }
  return value;
}

function sourceOf({ value, from, empty }: Override, old: Field, valueOf: ValueOf): Field {
  if (empty) return "";
  if (value !== undefined) return readField(value);
  const [, name, type, authority] = FROM.exec(from ?? "") ?? [];
  return isValueName(name) ? valueOf(name, type, authority?.trim()) : old;
}

/** A component of the first repetition; the others stay. */
function withComponent(field: Field, index: number, change: (old: Field) => Field): Field {
  if (typeof field === "object" && "repeat" in field) {
    const [first, ...rest] = field.repeat;
    return { repeat: [inFirst(first), ...rest] };
  }
  return inFirst(field);

  function inFirst(repetition: Repetition): readonly Component[] {
    const parts: Component[] = Array.isArray(repetition)
      ? [...(repetition as readonly Component[])]
      : [repetition as Value];
    while (parts.length <= index) parts.push("");
    parts[index] = firstComponent(change(parts[index]));
    return parts;
  }
}

/** A component's value was read as a field's: its subcomponents are those of the first component. */
function firstComponent(field: Field): Component {
  if (typeof field === "object" && "repeat" in field) return firstComponent(field.repeat[0]);
  return Array.isArray(field) ? (field as readonly Component[])[0] : (field as Value);
}

function shaped(field: Field, { pad, max, map }: Override): Field {
  const shape = (given: Value): Value => {
    if (typeof given !== "string") return given;
    const value = map === undefined ? given : (map[given] ?? map["*"] ?? "");
    const padded = pad === undefined || value === "" ? value : value.padStart(pad, "0");
    return max === undefined ? padded : Array.from(padded).slice(0, max).join("");
  };
  return mapValues(field, shape);
}

function mapValues(field: Field, change: (value: Value) => Value): Field {
  const component = (one: Component): Component =>
    Array.isArray(one) ? (one as readonly Value[]).map(change) : change(one as Value);
  const repetition = (one: Repetition): Repetition =>
    Array.isArray(one) ? (one as readonly Component[]).map(component) : change(one as Value);
  return typeof field === "object" && "repeat" in field ? { repeat: field.repeat.map(repetition) } : repetition(field);
}

function isEmpty(field: Field): boolean {
  let empty = true;
  mapValues(field, (value) => {
    empty &&= value === undefined || value === "";
    return value;
  });
  return empty;
}

/** HL7 notation with the standard delimiters, as data. */
function readField(text: string): Field {
  const { repetition, component, subcomponent } = STANDARD;
  const repetitions = text.split(repetition).map((one) =>
    one.split(component).map((part): Component => {
      const parts = part.split(subcomponent).map((value) => unescapeText(value));
      return parts.length === 1 ? parts[0] : parts;
    }),
  );
  return repetitions.length === 1 ? repetitions[0] : { repeat: repetitions };
}

/** @throws BotenstoffError MAPPING_FAILED where the condition cannot be told of this message */
function holds(when: string, looked: Looked): boolean {
  try {
    return readCondition(when, isConditionName)(looked);
  } catch (error) {
    // What went wrong may quote the message.
    const name = Error.isError(error) ? error.name : "error";
    throw new BotenstoffError("MAPPING_FAILED", `mapping to HL7: a condition of the profile fails (${name})`);
  }
}

/** What a condition may also call a value. */
const CONDITION_NAMES: Readonly<Record<string, ValueName>> = { kind: "message.kind" };

function isConditionName(name: string): boolean {
  return name in CONDITION_NAMES || (isValueName(name) && !name.startsWith("patient.identifier"));
}

function isValueName(name: string | undefined): name is ValueName {
  return name !== undefined && (VALUES as readonly string[]).includes(name);
}
