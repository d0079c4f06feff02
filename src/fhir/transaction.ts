import type { Bundle } from "@medplum/fhirtypes";

/** What a FHIR mapping makes: a transaction Bundle whose Binary entries lack `data` until it is written out. */
export interface FhirTransaction {
  readonly bundle: Bundle;
  /** Which entries' `Binary.data` are filled from which attachment while the JSON is written. */
  readonly blobs: readonly { readonly entry: number; readonly attachmentId: string }[];
  /** What the independent read must find. */
  readonly expect: Expectation;
}

/** The facts compared at confirmation (I4): right patient, whole content. */
export interface Expectation {
  readonly patient: { readonly system: string; readonly value: string };
  /** The Communication: its id and the identifier it must carry. */
  readonly communicationId: string;
  /** SHA-256 hex of the text parts as filed, in payload order joined by "\n"; "" when there is no text. */
  readonly textSha256: string;
  readonly binaries: readonly {
    readonly id: string;
    readonly mediaId: string;
    readonly bytes: number;
    readonly sha256: string;
  }[];
}
