import { describe, expect, it } from "@jest/globals";
import { DELIVERY_MOVES, mayMove, MESSAGE_MOVES, MESSAGE_STATES, type DeliveryState } from "#src/message/state.ts";

describe("the states of a message", () => {
  it("all lead on, but for purged", () => {
    expect(MESSAGE_STATES.filter((state) => MESSAGE_MOVES[state].length === 0)).toEqual(["purged"]);
  });

  it("reach purged only where the chart holds the message, or it was taken out of it, or nobody wanted it there (I4)", () => {
    const before = MESSAGE_STATES.filter((state) => mayMove(MESSAGE_MOVES, state, "purged"));
    expect(before).toEqual(["filtered", "filed", "withdrawn"]);
  });

  it("never come back from purged, and from filed only to be withdrawn or sent again by a person", () => {
    for (const state of MESSAGE_STATES) {
      expect(mayMove(MESSAGE_MOVES, "purged", state)).toBe(false);
      expect(mayMove(MESSAGE_MOVES, "filed", state)).toBe(state === "purged" || state === "routed");
    }
  });
});

describe("the states of a delivery", () => {
  it("leave confirmed only to be queued anew, by a person: what the chart holds is not sent again (I2)", () => {
    expect(DELIVERY_MOVES.confirmed).toEqual(["queued"]);
  });

  it("send an accepted delivery never again by themselves", () => {
    expect(mayMove(DELIVERY_MOVES, "accepted", "sending")).toBe(false);
  });

  it("skip what is not under way, and nothing that was confirmed", () => {
    const states = Object.keys(DELIVERY_MOVES) as DeliveryState[];
    const skipped = states.filter((state) => mayMove(DELIVERY_MOVES, state, "skipped"));
    expect(skipped).toEqual(["queued", "retrying", "accepted", "failed"]);
  });
});
