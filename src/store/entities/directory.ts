import { EntitySchema } from "typeorm";
import { bool, bytes, key, time, uuid } from "./columns.ts";

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
  columns: { id: key(uuid, "patient"), sealed: bytes, updated_at: time },
});

export const PatientIdentifierEntity = new EntitySchema({
  name: "patient_identifier",
  columns: { bi: key(bytes, "patient_identifier"), patient_id: uuid },
  indices: [{ name: "patient_identifier_by_patient", columns: ["patient_id"] }],
  foreignKeys: [belongsToPatient("patient_identifier_of")],
});

export const PatientPhoneEntity = new EntitySchema({
  name: "patient_phone",
  columns: { bi: key(bytes, "patient_phone"), patient_id: key(uuid, "patient_phone"), since: time },
  indices: [{ name: "patient_phone_by_patient", columns: ["patient_id"] }],
  foreignKeys: [belongsToPatient("patient_phone_of")],
});

export const EncounterEntity = new EntitySchema({
  name: "encounter",
  columns: { bi: key(bytes, "encounter"), patient_id: uuid, open: bool, sealed: bytes, updated_at: time },
  indices: [{ name: "encounter_by_patient", columns: ["patient_id"] }],
  foreignKeys: [belongsToPatient("encounter_of")],
});
