import type { Component, Segment } from "#src/hl7/message.ts";
import type { Encounter, Identifier, Patient } from "#src/message/directory.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import { controlId } from "#src/message/id.ts";
import type { Message } from "#src/message/message.ts";
import type { DocumentContent } from "./content.ts";
import type { MdmParams } from "./params.ts";
import { timestamp } from "./timestamp.ts";

/** OID of the German MDM profile with content (wiki.hl7.de, HL7v2-Profile_MDM-Nachrichten). */
const GERMAN_PROFILE = ["2.16.840.1.113883.2.6.9.69", "", "2.16.840.1.113883.2.6", "ISO"];

export function msh(message: Message, params: MdmParams, routedAt: string): Segment {
  const german = params.profile === "german";
  return segment("MSH", 3, {
    3: params.sending_application,
    4: params.sending_facility,
    5: params.receiving_application,
    6: params.receiving_facility,
    7: timestamp(routedAt),
    9: ["MDM", "T02", "MDM_T02"],
    10: controlId(message.id),
    11: params.processing_id,
    12: german ? ["2.5", ["DEU", "", "HL70399"]] : "2.5.1",
    // The German profile wants the accept acknowledgement (CA) and no other; empty means original mode (AA).
    15: german ? "AL" : "",
    16: german ? "NE" : "",
    17: german ? "DEU" : "",
    18: params.charset,
    19: german ? ["DEU", "", "HL70296"] : "",
    21: german ? GERMAN_PROFILE : "",
  });
}

/** EVN-1 stays empty: MSH-9 says it already, and v2.7 withdrew it. EVN-2 is the one required field. */
export function evn(message: Message, routedAt: string): Segment {
  return segment("EVN", 1, { 2: timestamp(routedAt), 6: timestamp(message.sentAt) });
}

/** @throws BotenstoffError MAPPING_FAILED when no identifier is of a wanted authority */
export function pid(patient: Patient, params: MdmParams): Segment {
  const identifiers = wanted(patient.identifiers, params.patient_authorities);
  if (identifiers.length === 0) {
    throw new BotenstoffError(
      "MAPPING_FAILED",
      "mapping message-to-mdm: the patient has no identifier of a wanted authority",
    );
  }
  const named = patient.familyName !== undefined || patient.givenName !== undefined;
  return segment("PID", 1, {
    1: "1",
    3: { repeat: identifiers.map(cx) },
    // PID-5 is required: a legal name, or table 0200 "U" (unspecified) where the KIS told us none.
    5: [patient.familyName, patient.givenName, "", "", "", "", named ? "L" : "U"],
    7: patient.birthDate?.replaceAll("-", ""),
    8: patient.sex,
  });
}

/** PV1 is required in MDM_T02, so a patient without a case has one that says "not applicable" (table 0004). */
export function pv1(encounter: Encounter | undefined): Segment {
  if (!encounter) {
    return segment("PV1", 1, { 1: "1", 2: "N" });
  }
  const number = { ...encounter.number, type: encounter.number.type === "" ? "VN" : encounter.number.type };
  return segment("PV1", 1, { 1: "1", 2: encounter.class ?? "U", 19: cx(number) });
}

/**
 * TXA-12 is the document's own number, stable across repeats. TXA-17 "DO": documented, nobody has authenticated it. The
 * patient is no author in the sense of TXA-9, so only the filing system is named, in TXA-5.
 */
export function txa(message: Message, content: DocumentContent, params: MdmParams, routedAt: string): Segment {
  return segment("TXA", 1, {
    1: "1",
    2: params.document_type,
    3: params.profile === "german" ? content.mimeType : content.presentation,
    4: timestamp(message.sentAt),
    5: params.filed_by,
    6: timestamp(message.sentAt),
    7: timestamp(routedAt),
    12: controlId(message.id, "document"),
    17: "DO",
    19: "AV",
  });
}

/** A segment from its field numbers as the standard counts them; `first` is the number of `fields[0]`. */
export function segment(
  name: string,
  first: number,
  numbered: Readonly<Record<number, Segment["fields"][number]>>,
): Segment {
  const last = Math.max(...Object.keys(numbered).map(Number));
  return { name, fields: Array.from({ length: last - first + 1 }, (_, index) => numbered[first + index]) };
}

function wanted(identifiers: readonly Identifier[], authorities: readonly string[]): readonly Identifier[] {
  return authorities.length === 0
    ? identifiers
    : authorities.flatMap((authority) => identifiers.filter((identifier) => identifier.authority === authority));
}

function cx({ value, authority, type }: Identifier): Component[] {
  return [value, "", "", hd(authority), type];
}

/** HD: a namespace as it stands, an OID or URI with its type in the second and third part. */
function hd(authority: string): Component {
  if (/^[0-2](\.\d+)+$/.test(authority)) {
    return ["", authority, "ISO"];
  }
  return /^[a-z][a-z0-9+.-]*:/i.test(authority) ? ["", authority, "URI"] : authority;
}
