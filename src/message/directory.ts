import type { Writer } from "./link.ts";

/** An identifier keyed by (value, authority, type): HL7 CX, FHIR Identifier. */
export interface Identifier {
  readonly value: string;
  /** Assigning authority: a namespace or an OID/URI; "" when the sender gave none. */
  readonly authority: string;
  /** HL7 table 0203: PI, MR, VN, …; "" when the sender gave none. */
  readonly type: string;
  /** CX-4 as it came, where `authority` alone would not write it again; what identifies is `authority`. */
  readonly assigner?: Assigner;
}

/** HD: a namespace, a universal id and what kind of one that is (ISO, DNS, UUID, …). */
export interface Assigner {
  readonly namespace?: string;
  readonly universalId?: string;
  readonly universalType?: string;
}

/** A person of the KIS, as far as this engine needs one. Dates are YYYY-MM-DD. */
export interface Patient {
  readonly identifiers: readonly Identifier[];
  readonly familyName?: string;
  readonly givenName?: string;
  /** XPN-3 to XPN-6 as they came: further given names, suffix, prefix (title), degree. */
  readonly furtherGivenNames?: string;
  readonly nameSuffix?: string;
  readonly namePrefix?: string;
  readonly degree?: string;
  readonly birthDate?: string;
  /** HL7 table 0001: M, F, O, U, … */
  readonly sex?: string;
  readonly deceased?: string;
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
  /** PV1-3, PL: ward, room, bed, facility, …; the first of each component. */
  readonly location?: readonly string[];
}

/** What one message says about the person. `undefined` members are silent (left alone), `null` and `[]` delete. */
export interface PatientUpdate {
  readonly identifiers: readonly Identifier[];
  readonly familyName?: string | null;
  readonly givenName?: string | null;
  readonly furtherGivenNames?: string | null;
  readonly nameSuffix?: string | null;
  readonly namePrefix?: string | null;
  readonly degree?: string | null;
  readonly birthDate?: string | null;
  readonly sex?: string | null;
  /** "Y" once the person has died. */
  readonly deceased?: string | null;
  /** Numbers by the field that carries them ("PID-13"): a field not named keeps its numbers. */
  readonly phones?: Readonly<Record<string, readonly string[]>>;
}

/** `planned` is a pre-admission; `cancelled` and `deleted` never were. */
export type CaseState = "planned" | "open" | "closed" | "cancelled" | "deleted";

/** What one message says about a case; members as in `PatientUpdate`. */
export interface CaseUpdate {
  readonly number: Identifier;
  readonly class?: string | null;
  readonly admittedAt?: string | null;
  readonly dischargedAt?: string | null;
  /** PV1-3, its components joined by "^". */
  readonly location?: string | null;
  /** `certain: false` is a guess (an A08 of an unknown case) that gives way to whatever a message says for certain. */
  readonly state?: { readonly is: CaseState; readonly certain: boolean };
}

/** A number that is not taken for the patient's: a word beside it may name another person, or its area code is missing. */
export interface Remark {
  /** "PID-13". */
  readonly place: string;
  readonly reason: "word" | "incomplete";
}

/** What one message says about one patient, as facts that may arrive in any order and any number of times. */
export interface DirectoryUpdate {
  /**
   * Orders facts: the greater stamp is newer, whatever arrives later. Made of the time the KIS recorded the event, the
   * time it first arrived here and the message's id, so that no two messages have the same.
   */
  readonly stamp: string;
  readonly patient: PatientUpdate;
  /** What of the message was not used. */
  readonly remarks?: readonly Remark[];
  /** Says that the person exists (again), or does not any more; a plain update says neither. */
  readonly existence?: "exists" | "deleted";
  /** Identifiers whose persons are this patient from now on (MRG-1 of a merge or a change of identifier). */
  readonly retired?: readonly Identifier[];
  /** Identifiers that alone go over to this patient, their former person stays (A43). */
  readonly moved?: readonly Identifier[];
  readonly case?: CaseUpdate;
  /** Cases that belong to this patient from now on, under a new number where `to` differs (A41, A42, A44, A45, A50). */
  readonly cases?: readonly { readonly from: Identifier; readonly to: Identifier }[];
}

/** A change for the directory, the output of a mapping of kind `directory`. */
export type DirectoryChange =
  | { readonly type: "update"; readonly updates: readonly DirectoryUpdate[] }
  | { readonly type: "ignore"; readonly reason: string };

/** What identification found and the mapping may use; frozen (sealed) at routing. */
export interface Subject {
  readonly patient: Patient;
  /** Only when exactly one case is open. */
  readonly encounter?: Encounter;
  /** Link level 0–4 by which the contact was identified. */
  readonly level: number;
  /** Set where somebody has said that it is not the patient who writes. */
  readonly writer?: Writer;
}
