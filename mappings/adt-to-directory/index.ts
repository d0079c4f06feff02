import { getCountries } from "libphonenumber-js";
import { z } from "zod";
import { component, first, type Fields } from "#src/hl7/cx.ts";
import { refuseExcess } from "#src/hl7/excess.ts";
import { instantOf } from "#src/hl7/instant.ts";
import { parseHl7Text, type ParsedMessage } from "#src/hl7/parse.ts";
import { patientOf, unreadPhones } from "#src/hl7/pid.ts";
import type { DirectoryChange, DirectoryUpdate, Identifier } from "#src/message/directory.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { defineMapping } from "#src/message/mapping.ts";
import type { Message } from "#src/message/message.ts";
import { caseOf } from "./case.ts";
import { mergeOf, missing, unusable } from "./merge.ts";
import { TRIGGERS, type Trigger } from "./triggers.ts";

const params = z.strictObject({
  country: z
    .enum(getCountries())
    .default("DE")
    .describe("Where a phone number without country code belongs, ISO 3166."),
  time_zone: z.string().default("Europe/Berlin").describe("Zone of timestamps without an offset, IANA name."),
  default_authority: z.string().default("").describe("Assigning authority of identifiers that name none."),
  authorities: z
    .record(z.string(), z.string())
    .default({})
    .describe("Authorities that mean the same: the name the sender sometimes writes, and the OID or name to take."),
  phone_words: z
    .array(z.string().toLowerCase())
    .optional()
    .describe("Words beside a phone number that do not make it somebody else's; by default config/phone-words.yaml."),
});

type Params = z.output<typeof params>;

/** A clock this far ahead of ours is broken: its time would make its patient's facts newer than all to come. */
const CLOCK_TOLERANCE_MS = 24 * 3_600_000;

/** An ADT message as a change of the engine's own directory: the person of PID, the case of PV1, the merges of MRG. */
export default defineMapping<Params, DirectoryChange>({
  output: "directory",
  version: "3",
  params,
  map(message, { params }) {
    const { content } = message;
    if (content.kind !== "hl7") {
      throw new BotenstoffError(
        "MAPPING_FAILED",
        `mapping adt-to-directory: a message of kind "${content.kind}" is no ADT`,
      );
    }
    const hl7 = parseHl7Text(content.text);
    // What waited here from before there was a limit is not applied either.
    refuseExcess(hl7, "mapping adt-to-directory");
    if (hl7.value("MSH", 9) !== "ADT") {
      throw new BotenstoffError("HL7_UNSUPPORTED", "mapping adt-to-directory: MSH-9 is not ADT");
    }
    // EVN-1 named the event before MSH-9 did (v2.1).
    const name = hl7.value("MSH", 9, 2) || hl7.value("EVN", 1);
    const trigger = TRIGGERS[name];
    if (!trigger) {
      const told = /^[A-Z]\d\d$/.test(name) ? name : "unknown";
      return { type: "ignore", reason: `trigger ${told} changes nothing here` };
    }
    return { type: "update", updates: updatesOf(hl7, message, { name, ...trigger }, params) };
  },
});

/** One update for each patient the message is about: a merge may name several (ADT_A39 repeats PID and MRG). */
function updatesOf(
  hl7: ParsedMessage,
  message: Message,
  trigger: { readonly name: string } & Trigger,
  { country, time_zone: timeZone, default_authority: defaultAuthority, authorities, phone_words: words }: Params,
): DirectoryUpdate[] {
  const recordedAt = recorded(hl7, message, timeZone);
  const phoneWords = words && new Set(words);
  const rules = { country, timeZone, defaultAuthority, authorities, recordedAt, ...(phoneWords && { phoneWords }) };
  const fields: Fields = (segment, field, index) => hl7.repetitions(segment, field, index);
  const [patients, merges] = ["PID", "MRG"].map((name) => hl7.segments.filter((segment) => segment === name).length);
  const groups = trigger.merges ? Math.max(merges ?? 0, 1) : 1;
  return Array.from({ length: groups }, (_, nth): DirectoryUpdate => {
    const patient = patientOf(fields, rules, (patients ?? 0) > 1 ? nth : 0);
    const merged = mergeOf(fields, trigger, patient.identifiers, rules, nth);
    const gone = new Set([...(merged.retired ?? []), ...(merged.moved ?? [])].map(untyped));
    // Some senders list the retired number in PID-3 as well; it is no number of the survivor's.
    const identifiers = patient.identifiers.filter((identifier) => !gone.has(untyped(identifier)));
    if (identifiers.length === 0) throw nobody(patient.identifiers.length > 0, hl7, nth);
    const remarks = unreadPhones(fields, rules, (patients ?? 0) > 1 ? nth : 0);
    const told = trigger.personOnly ? undefined : caseOf(fields, trigger, rules, nth);
    return {
      stamp: `${recordedAt}|${message.receivedAt}|${message.id}`,
      patient: { ...patient, identifiers },
      ...(remarks.length > 0 && { remarks }),
      ...(trigger.existence && { existence: trigger.existence }),
      ...merged,
      ...(told && { case: told }),
    };
  });
}

function untyped({ value, authority }: Identifier): string {
  return [value, authority].join("\0");
}

/** Why a PID names nobody. */
function nobody(retired: boolean, hl7: ParsedMessage, nth: number): BotenstoffError {
  if (retired) return unusable("MRG-1", "is the patient of PID-3: nobody is merged into himself");
  const said = [3, 2].some((field) => hl7.repetitions("PID", field, nth).some((cx) => component(cx, 1).trim() !== ""));
  return said ? unusable("PID-3", "names no person: numbers of cases (AN, VN) are all it holds") : missing("PID-3");
}

/** When the KIS recorded the event: EVN-2, else when it sent the message (MSH-7), else when it came here. */
function recorded(hl7: ParsedMessage, { receivedAt }: Message, timeZone: string): string {
  const told = [hl7.repetitions("EVN", 2), hl7.repetitions("MSH", 7)]
    .map((field) => instantOf(first(field), timeZone))
    .find((instant) => instant !== undefined);
  if (told === undefined || Date.parse(told) > Date.parse(receivedAt) + CLOCK_TOLERANCE_MS) return receivedAt;
  return told;
}
