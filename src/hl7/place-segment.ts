import type { Segment } from "./message.ts";

/** Where the standard has the segments that MDM messages may hold besides (HL7 v2.5.1 ch. 9.6). */
const AFTER: Readonly<Record<string, string>> = { SFT: "MSH", UAC: "MSH", PD1: "PID", PV2: "PV1", CON: "TXA" };
/** The order a document belongs to stands before it. */
const BEFORE_TXA: ReadonlySet<string> = new Set(["ORC", "TQ1", "TQ2", "OBR"]);

/**
 * The segments with a further one in its place: after the last one named `after`, where the standard has it, or at the
 * end. A note (NTE) belongs to the order, where there is one.
 */
export function withSegment(segments: readonly Segment[], added: Segment, after: string | undefined): Segment[] {
  const last = (name: string | undefined) => segments.findLastIndex((segment) => segment.name === name);
  const before = BEFORE_TXA.has(added.name) ? segments.findIndex(({ name }) => name === "TXA") : -1;
  const note = added.name === "NTE" ? last("OBR") : -1;
  const known = last(after ?? AFTER[added.name]);
  const at = known >= 0 ? known + 1 : before >= 0 ? before : note >= 0 ? note + 1 : segments.length;
  return segments.toSpliced(at, 0, added);
}
