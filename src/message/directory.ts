/** An identifier keyed by (value, authority, type): HL7 CX, FHIR Identifier. */
export interface Identifier {
  readonly value: string;
  /** Assigning authority: a namespace or an OID/URI; "" when the sender gave none. */
  readonly authority: string;
  /** HL7 table 0203: PI, MR, VN, …; "" when the sender gave none. */
  readonly type: string;
}

/** A person of the KIS, as far as this engine needs one. Dates are YYYY-MM-DD. */
export interface Patient {
  readonly identifiers: readonly Identifier[];
  readonly familyName?: string;
  readonly givenName?: string;
  readonly birthDate?: string;
  /** HL7 table 0001: M, F, O, U, … */
  readonly sex?: string;
  /** The patient's own numbers in E.164 digits without "+"; never a relative's. */
  readonly phones: readonly string[];
}

/** A case (Fall). `number` is the Fallnummer of PV1-19. */
export interface Encounter {
  readonly number: Identifier;
  /** HL7 table 0004: I inpatient, O outpatient, E emergency, … */
  readonly class?: string;
  readonly open: boolean;
  readonly admittedAt?: string;
  readonly dischargedAt?: string;
}

/** What one ADT message says. `undefined` members are silent (left alone), `null` and `[]` delete. */
export interface PatientUpdate {
  readonly identifiers: readonly Identifier[];
  readonly familyName?: string | null;
  readonly givenName?: string | null;
  readonly birthDate?: string | null;
  readonly sex?: string | null;
  readonly phones?: readonly string[];
}

/** A change for the directory, the output of a mapping of kind `directory`. */
export type DirectoryChange =
  | { readonly type: "upsert"; readonly patient: PatientUpdate; readonly encounter?: Encounter }
  | { readonly type: "ignore"; readonly reason: string };

/** What identification found and the mapping may use; frozen (sealed) at routing. */
export interface Subject {
  readonly patient: Patient;
  /** Only when exactly one case is open. */
  readonly encounter?: Encounter;
  /** Link level 0–4 by which the contact was identified. */
  readonly level: number;
}
