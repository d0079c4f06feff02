import { EntitySchema } from "typeorm";
import { bytes, integer, json, key, nullable, text, time, uuid } from "./columns.ts";

/** Who a contact is: n:m, found by keyed hashes, the contact itself sealed under the directory's key. */
export const PatientLinkEntity = new EntitySchema({
  name: "patient_link",
  columns: {
    id: key(uuid, "patient_link"),
    patient_id: uuid,
    contact_bi: bytes,
    user_bi: nullable(bytes),
    role: text,
    scope: text,
    case_bi: nullable(bytes),
    level: integer,
    evidence: text,
    verified_at: time,
    verified_by: text,
    approved_by: nullable(text),
    valid_from: nullable(time),
    seen_at: time,
    lowered_at: nullable(time),
    lowered_for: nullable(text),
    ended_at: nullable(time),
    version: { ...integer, default: 0 },
    tries: { ...integer, default: 0 },
    sealed: bytes,
    proposal: nullable(json),
    proposed_at: nullable(time),
    proposed_by: nullable(text),
    proposer_bi: nullable(bytes),
  },
  indices: [
    { name: "patient_link_proposed", columns: ["proposed_at"], where: `"proposed_at" IS NOT NULL` },
    { name: "patient_link_by_contact", columns: ["contact_bi"], where: `"ended_at" IS NULL` },
    { name: "patient_link_by_user", columns: ["user_bi"], where: `"ended_at" IS NULL AND "user_bi" IS NOT NULL` },
    { name: "patient_link_by_patient", columns: ["patient_id"] },
  ],
  foreignKeys: [
    {
      name: "patient_link_of",
      target: "patient",
      columnNames: ["patient_id"],
      referencedColumnNames: ["id"],
      onDelete: "CASCADE" as const,
    },
  ],
});

/** Codes given at admission: single use, expiring, five tries. Of the code only a keyed hash is kept. */
export const VerificationCodeEntity = new EntitySchema({
  name: "verification_code",
  columns: {
    id: key(uuid, "verification_code"),
    selector_bi: bytes,
    code_bi: bytes,
    patient_id: uuid,
    role: text,
    issued_by: text,
    issued_at: time,
    expires_at: time,
    tries: { ...integer, default: 0 },
    used_at: nullable(time),
  },
  indices: [
    { name: "verification_code_by_selector", columns: ["selector_bi"], unique: true },
    { name: "verification_code_by_patient", columns: ["patient_id"] },
  ],
  foreignKeys: [
    {
      name: "verification_code_of",
      target: "patient",
      columnNames: ["patient_id"],
      referencedColumnNames: ["id"],
      onDelete: "CASCADE" as const,
    },
  ],
});
