/**
 * What an error means for the work in hand:
 * - `transient`: nothing happened; try again later.
 * - `ambiguous`: it may have happened; repeat the identical bytes under the same id.
 * - `permanent`: repeating cannot help; a person must act.
 */
export type FailureClass = "transient" | "ambiguous" | "permanent";

export interface ErrorEntry {
  readonly class: FailureClass;
  /** One sentence for docs/errors.md and the API. */
  readonly meaning: string;
  /** What the operator does about it. */
  readonly remedy: string;
}

export function entry<C extends FailureClass>(failure: C, meaning: string, remedy: string) {
  return { class: failure, meaning, remedy } as const;
}
