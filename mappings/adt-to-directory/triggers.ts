import type { CaseUpdate, DirectoryUpdate } from "#src/message/directory.ts";

/** What a trigger event says beside the facts of PID and PV1 (HL7 v2.5.1 chapter 3). */
export interface Trigger {
  /** State of the case; `told` leaves it to PV1-45, because A08 comes before and after a discharge. */
  readonly state?: NonNullable<CaseUpdate["state"]> | "told";
  /** The message carries a person only: what stands in PV1 is filler. */
  readonly personOnly?: true;
  readonly existence?: NonNullable<DirectoryUpdate["existence"]>;
  /**
   * What MRG says: `person` MRG-1 is this patient from now on, `identifier` that identifier alone goes over, `visit`
   * and `account` the case of MRG-5 or MRG-3 is this patient's, under the number of PV1-19 or PID-18.
   */
  readonly merges?: readonly ("person" | "identifier" | "visit" | "account")[];
}

const exists = { existence: "exists" } as const;
const surely = (is: NonNullable<CaseUpdate["state"]>["is"]) => ({ state: { is, certain: true } }) as const;
const probablyOpen = { state: { is: "open", certain: false } } as const;

/** Every trigger that changes the directory; any other is acknowledged, counted and changes nothing. */
export const TRIGGERS: Readonly<Record<string, Trigger>> = {
  A01: { ...surely("open"), ...exists },
  A02: probablyOpen,
  A03: surely("closed"),
  A04: { ...surely("open"), ...exists },
  A05: { ...surely("planned"), ...exists },
  A06: { ...surely("open"), ...exists, merges: ["visit", "account"] },
  A07: { ...surely("open"), ...exists, merges: ["visit", "account"] },
  A08: { state: "told" },
  A11: surely("cancelled"),
  A12: probablyOpen,
  A13: surely("open"),
  A23: surely("deleted"),
  A28: { personOnly: true, ...exists },
  A29: { personOnly: true, existence: "deleted" },
  A31: { personOnly: true },
  A38: surely("cancelled"),
  // merges of persons: A40, and the forms of 2.1 to 2.3.1 that it replaced
  A18: { personOnly: true, ...exists, merges: ["person"] },
  A30: { personOnly: true, ...exists, merges: ["person"] },
  A34: { personOnly: true, ...exists, merges: ["person"] },
  A36: { personOnly: true, ...exists, merges: ["person", "account"] },
  A39: { personOnly: true, ...exists, merges: ["person"] },
  A40: { personOnly: true, ...exists, merges: ["person"] },
  // a change of identifier is a merge with a number nobody had before
  A46: { personOnly: true, ...exists, merges: ["person"] },
  A47: { personOnly: true, ...exists, merges: ["person"] },
  A43: { personOnly: true, ...exists, merges: ["identifier"] },
  // merges, moves and new numbers of cases
  A35: { personOnly: true, merges: ["account"] },
  A41: { personOnly: true, merges: ["account"] },
  A44: { personOnly: true, merges: ["account"] },
  A49: { personOnly: true, merges: ["account"] },
  A42: { merges: ["visit"] },
  A45: { merges: ["visit"] },
  A50: { merges: ["visit"] },
};

/** Triggers whose MRG may be absent: it only adds the former number of a case that changed its class. */
export const MRG_IS_OPTIONAL: ReadonlySet<string> = new Set(["A06", "A07"]);
