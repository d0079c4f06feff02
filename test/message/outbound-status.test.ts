import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { joinStatus, OUTBOUND_STATES, outboundState, type OutboundStatus } from "#src/message/outbound-status.ts";

const report: fc.Arbitrary<OutboundStatus> = fc.record({
  state: fc.constantFrom(...OUTBOUND_STATES),
  at: fc.integer({ min: 0, max: 9 }).map((second) => `2026-11-24T10:00:0${second}.000Z`),
  codes: fc.subarray(["131026", "131047"]),
});
const reports = fc.array(report, { minLength: 1, maxLength: 8 });
const end = (all: readonly OutboundStatus[]) => all.reduce(joinStatus);

describe("the status of a sent message", () => {
  test("is the same whatever the order of the reports and however often they come", () => {
    fc.assert(
      fc.property(
        reports.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length })),
        ),
        ([all, again]) => {
          expect(end([...again, ...all])).toEqual(end(all));
        },
      ),
    );
  });

  test("never goes back", () => {
    fc.assert(
      fc.property(reports, report, (all, late) => {
        const order = (state: OutboundStatus["state"]) => OUTBOUND_STATES.indexOf(state);
        expect(order(joinStatus(end(all), late).state)).toBeGreaterThanOrEqual(order(end(all).state));
      }),
    );
  });

  test("is read without delivered, and failed for good unless the phone proves receipt", () => {
    const at = "2026-11-24T10:00:00.000Z";
    const of = (state: OutboundStatus["state"], codes: string[] = []) => ({ state, at, codes });
    expect(end([of("sent"), of("read")]).state).toBe("read");
    expect(end([of("failed", ["131026"]), of("sent")])).toEqual(of("failed", ["131026"]));
    expect(end([of("delivered"), of("failed", ["131026"])])).toEqual(of("delivered", ["131026"]));
  });

  test("is not moved by events that do not say how far a message has come", () => {
    for (const event of ["deleted", "call:ringing", "untold", "toString"]) expect(outboundState(event)).toBeUndefined();
  });
});
