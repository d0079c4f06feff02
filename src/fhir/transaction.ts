import type { Bundle } from "@medplum/fhirtypes";

/** What a FHIR mapping makes: a transaction Bundle whose Binary entries lack `data` until it is written out. */
export interface FhirTransaction {
  readonly bundle: Bundle;
  /** Which entries' `Binary.data` are filled from which attachment while the JSON is written; entries ascending. */
  readonly blobs: readonly BlobEntry[];
  readonly expect: Expectation;
}

export interface BlobEntry {
  readonly entry: number;
  readonly attachmentId: string;
  /**
   * Set for a picture that is to be made smaller, until it has at most so many bytes: its size and hash are not known before.
   * The entry after it describes it.
   */
  readonly scaledTo?: number;
}

/** What the independent read must find (I4): right patient, whole content. */
export interface Expectation {
  readonly patient: PatientKey;
  readonly communicationId: string;
  /** The text parts in payload order, then the notes. */
  readonly texts: readonly string[];
  /** What is inside the Communication itself, in payload order. */
  readonly inline: readonly { readonly bytes: number; readonly sha256: string }[];
  readonly binaries: readonly {
    readonly binaryId: string;
    /** The resource that says what the bytes are and whose: "Media/<id>", "DocumentReference/<id>". */
    readonly describedBy: string;
    readonly bytes: number;
    /** Lower-case hex. */
    readonly sha256: string;
  }[];
  /** Only for a withdrawal: everything whose status must be entered-in-error, "Communication/<id>"; nothing else is read. */
  readonly enteredInError?: readonly string[];
}

/** The identifier by which the KIS knows the patient: with its system or, where the authority has no URI, its type. */
export interface PatientKey {
  readonly system?: string;
  readonly value: string;
  /** Table 0203. */
  readonly type?: string;
}
