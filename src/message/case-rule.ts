import type { CaseState } from "./directory.ts";

/** The states of cases that anything is filed to. */
export const CASE_STATES = ["open", "planned", "closed"] as const satisfies readonly CaseState[];

/** Which of a patient's cases a channel files to. Frozen with a message, so that it means the same whenever it is asked. */
export interface CaseRule {
  /** In the order they are looked at: the first of which any case fits decides. */
  readonly states: readonly (typeof CASE_STATES)[number][];
  /** PV1-2. */
  readonly classes?: readonly string[];
  /** PV1-3.1. */
  readonly wards?: readonly string[];
  /** PV1-3.4. */
  readonly facilities?: readonly string[];
  /** So long before the admission a case counts already; absent: whenever it begins. */
  readonly beforeAdmissionMs?: number;
  /** So long after the discharge a closed one counts still. */
  readonly afterDischargeMs: number;
}

/** A rule, and when what it is asked for was written. */
export interface CaseChoice {
  readonly rule: CaseRule;
  /** ISO 8601. */
  readonly sentAt: string;
}

/** What holds where a channel says nothing: the open case, or the planned one where none is open. */
export const OPEN_OR_PLANNED: CaseRule = { states: ["open", "planned"], afterDischargeMs: 0 };
