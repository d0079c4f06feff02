import { describe, expect, it } from "@jest/globals";
import { DELIVERY_MOVES, mayMove, MESSAGE_MOVES, MESSAGE_STATES } from "#src/message/state.ts";

describe("the states of a message", () => {
  it("all lead on, but for purged", () => {
    expect(MESSAGE_STATES.filter((state) => MESSAGE_MOVES[state].length === 0)).toEqual(["purged"]);
  });

  it("reach purged only through filed or filtered: nothing is destroyed before the chart holds it (I4)", () => {
    const before = MESSAGE_STATES.filter((state) => mayMove(MESSAGE_MOVES, state, "purged"));
    expect(before).toEqual(["filtered", "filed"]);
  });

  it("never come back from purged, and from filed only to be withdrawn", () => {
    for (const state of MESSAGE_STATES) {
      expect(mayMove(MESSAGE_MOVES, "purged", state)).toBe(false);
      expect(mayMove(MESSAGE_MOVES, "filed", state)).toBe(state === "purged" || state === "routed");
    }
  });
});

describe("the states of a delivery", () => {
  it("never leave confirmed: what the chart holds is not sent again (I2)", () => {
    expect(DELIVERY_MOVES.confirmed).toEqual([]);
  });

  it("send an accepted delivery never again", () => {
    expect(mayMove(DELIVERY_MOVES, "accepted", "sending")).toBe(false);
    expect(mayMove(DELIVERY_MOVES, "accepted", "queued")).toBe(false);
  });
});
