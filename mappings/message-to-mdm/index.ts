import { plainText, type Hl7Message, type Segment } from "#src/hl7/message.ts";
import { applyOverrides } from "#src/hl7/override.ts";
import type { About } from "#src/message/about.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Day } from "#src/message/day.ts";
import { defineMapping } from "#src/message/mapping.ts";
import type { Message } from "#src/message/message.ts";
import { wordsIn } from "#src/wording/languages.ts";
import { contentOf } from "./content.ts";
import { dayContentOf } from "./day-content.ts";
import { dateOf, dayEventOf } from "./day-event.ts";
import { addendumEventOf } from "./addendum-event.ts";
import { eventOf } from "./event.ts";
import { evn, msh } from "./header.ts";
import { params, type MdmParams } from "./params.ts";
import { pid, pv1 } from "./patient.ts";
import { txa, withFittingName } from "./txa.ts";
import { valuesOf } from "./values.ts";

function aboutOf(about: About | undefined) {
  return about ? { about } : {};
}

/**
 * Fields that identify: a profile may take a value for them that a patient does not have.
 * @throws BotenstoffError MAPPING_FAILED
 */
function refuseEmpty(segments: readonly Segment[]): void {
  for (const [name, number] of [
    ["PID", 3],
    ["TXA", 12],
  ] as const) {
    const field = segments.find((segment) => segment.name === name)?.fields[number - 1];
    if (plainText(field) !== "") continue;
    throw new BotenstoffError("MAPPING_FAILED", `mapping message-to-mdm: ${name}-${number} would be empty`);
  }
}

function firstOf({ id }: Message): Day {
  return { document: id, version: 1, elsewhere: 0, earlier: [] };
}

/**
 * A message as a document event of the MDM family (HL7 v2.5.1 ch. 9.6): new, answered, edited or deleted, as the
 * profile of the KIS wants it. Control id and document number are derived from the message's id, so a repeat is
 * recognised as one.
 */
export default defineMapping<MdmParams, Hl7Message>({
  output: "hl7",
  version: "7",
  withdraws: true,
  addenda: true,
  params,
  day: (sentAt, { profile }) => (profile.day ? dateOf(sentAt, profile) : undefined),
  map(message, { subject, params: parameters, addendum = false, day = firstOf(message), ...told }) {
    const { routedAt, withdraw = false } = told;
    if (!subject) {
      throw new BotenstoffError(
        "MAPPING_FAILED",
        "mapping message-to-mdm: the channel identifies nobody, PID-3 would be empty",
      );
    }
    const { profile, fields } = parameters;
    const { language, sourceName = "Messenger", fit } = told;
    const words = wordsIn(language);
    const made = profile.day
      ? dayEventOf(message, day, day.earlier.at(-1)?.id, profile.day, words, withdraw)
      : eventOf(message, { policy: profile.events, words, withdraw, about: told.about });
    const event = addendum ? addendumEventOf(message, made.document, profile, words) : made;
    const who = { message, subject, event, params: parameters, words, sourceName };
    const rendering = { ...who, ...aboutOf(told.about), ...(fit && { fit }) };
    const content = profile.day && !addendum ? dayContentOf(rendering, day, routedAt) : contentOf(rendering);
    const segments = [
      msh(event, parameters, routedAt),
      evn(message, parameters, told),
      pid(subject.patient, parameters.patient_authorities),
      pv1(subject.encounter),
      txa(message, event, content, parameters, routedAt),
      ...(event.structure === "MDM_T02" ? content.observations : []),
    ];
    const values = valuesOf(rendering, content, routedAt);
    const { raw: _raw, ...said } = message;
    const filed = { ...said, patient: subject.patient, case: subject.encounter };
    const complete = applyOverrides(segments, [...profile.fields, ...fields], event.trigger, values, filed);
    refuseEmpty(complete);
    return { segments: complete.map((one) => withFittingName(one, event, content)) };
  },
});
