import type { Patient } from "#src/message/directory.ts";
import type { LinkRow } from "#src/store/sql/links.ts";

export interface DirectoryPatient {
  readonly id: string;
  readonly patient: Patient;
  /** When the directory was last told that a number is the patient's, or when the link was verified. */
  readonly toldAt: Date;
}

/** A live link of a contact, and its patient. */
export interface LiveLink {
  readonly row: LinkRow;
  readonly patient: DirectoryPatient;
  /** The contact shows another number or user id than the one the link was made for. */
  readonly contradicted: boolean;
}
