import { EntitySchema } from "typeorm";
import { bool, bytes, integer, key, nullable, text, time, uuid } from "./columns.ts";

/** A row of the patient's goes with the patient. */
function belongsToPatient(name: string) {
  return {
    name,
    target: "patient",
    columnNames: ["patient_id"],
    referencedColumnNames: ["id"],
    onDelete: "CASCADE" as const,
  };
}

export const PatientEntity = new EntitySchema({
  name: "patient",
  columns: {
    id: key(uuid, "patient"),
    sealed: bytes,
    updated_at: time,
    root_id: uuid,
    version: { ...integer, default: 0 },
    gone_at: nullable(time),
  },
  indices: [
    { name: "patient_by_root", columns: ["root_id"] },
    { name: "patient_gone", columns: ["gone_at"], where: `"gone_at" IS NOT NULL` },
  ],
});

export const PatientIdentifierEntity = new EntitySchema({
  name: "patient_identifier",
  columns: {
    bi: key(bytes, "patient_identifier"),
    patient_id: uuid,
    loose_bi: bytes,
    typed: bool,
    value_bi: nullable(bytes),
  },
  indices: [
    { name: "patient_identifier_by_patient", columns: ["patient_id"] },
    { name: "patient_identifier_loose", columns: ["loose_bi"] },
    { name: "patient_identifier_by_value", columns: ["value_bi"] },
    { name: "patient_identifier_without_value", columns: ["bi"], where: `"value_bi" IS NULL` },
  ],
  foreignKeys: [belongsToPatient("patient_identifier_of")],
});

export const PatientPhoneEntity = new EntitySchema({
  name: "patient_phone",
  columns: { bi: key(bytes, "patient_phone"), patient_id: key(uuid, "patient_phone"), since: time },
  indices: [{ name: "patient_phone_by_patient", columns: ["patient_id"] }],
  foreignKeys: [belongsToPatient("patient_phone_of")],
});

/** Whose a number was first, or was decided to be. */
export const NumberOwnerEntity = new EntitySchema({
  name: "number_owner",
  columns: { bi: key(bytes, "number_owner"), patient_id: uuid },
  indices: [{ name: "number_owner_by_patient", columns: ["patient_id"] }],
  foreignKeys: [belongsToPatient("number_owner_of")],
});

export const EncounterEntity = new EntitySchema({
  name: "encounter",
  columns: {
    bi: key(bytes, "encounter"),
    patient_id: uuid,
    sealed: bytes,
    updated_at: time,
    root_bi: bytes,
    state: text,
    value_bi: nullable(bytes),
  },
  indices: [
    { name: "encounter_by_patient", columns: ["patient_id"] },
    { name: "encounter_by_root", columns: ["root_bi"] },
    { name: "encounter_by_value", columns: ["value_bi"] },
    { name: "encounter_without_value", columns: ["bi"], where: `"value_bi" IS NULL` },
  ],
  foreignKeys: [belongsToPatient("encounter_of")],
});

/** When a number was last looked up in the KIS. */
export const PatientLookupEntity = new EntitySchema({
  name: "patient_lookup",
  columns: { bi: key(bytes, "patient_lookup"), at: time },
});
