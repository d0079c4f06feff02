/** What a sender wants acknowledged, given whether the answer would be a yes. */
export interface AckMode {
  /** Original mode: one application acknowledgement, on the same connection. */
  readonly original: boolean;
  /** CA, CE, CR: stored or not. */
  accept(positive: boolean): boolean;
  /** AA, AE, AR: processed or not. */
  application(positive: boolean): boolean;
}

/** HL7 table 0155. */
const CONDITIONS = ["AL", "NE", "ER", "SU"];

/**
 * Reads MSH-15 and MSH-16 (HL7 v2.5.1 §2.9.2). Both empty is original mode, one application acknowledgement; one of them
 * valued is enhanced mode. The German profile asks `AL|NE`: the accept acknowledgement is all there will be. What table
 * 0155 does not have, a blank for instance, is taken for empty: who wrote it waits for an answer.
 */
export function ackMode(accept: string, application: string): AckMode {
  const [first, second] = [accept, application].map((value) => (CONDITIONS.includes(value) ? value : ""));
  if (first === "" && second === "") {
    return { original: true, accept: () => false, application: () => true };
  }
  return {
    original: false,
    accept: (positive) => isWanted(first, positive),
    application: (positive) => isWanted(second, positive),
  };
}

/** Always, on success, on error; NE is never. */
function isWanted(condition: string | undefined, positive: boolean): boolean {
  return condition === "AL" || (positive ? condition === "SU" : condition === "ER");
}
