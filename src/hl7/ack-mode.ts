/** What a sender wants acknowledged, given whether the answer would be a yes. */
export interface AckMode {
  /** CA, CE, CR: stored or not. */
  accept(positive: boolean): boolean;
  /** AA, AE, AR: processed or not. */
  application(positive: boolean): boolean;
}

/**
 * Reads MSH-15 and MSH-16 (HL7 v2.5.1 §2.9.2). Both empty is original mode, one application acknowledgement; one of them
 * valued is enhanced mode. The German profile asks `AL|NE`: the accept acknowledgement is all there will be.
 */
export function ackMode(accept: string, application: string): AckMode {
  if (accept === "" && application === "") return { accept: () => false, application: () => true };
  return {
    accept: (positive) => isWanted(accept, positive),
    application: (positive) => isWanted(application, positive),
  };
}

/** HL7 table 0155: always, on success, on error; NE is never. */
function isWanted(condition: string, positive: boolean): boolean {
  return condition === "AL" || (positive ? condition === "SU" : condition === "ER");
}
