import { describe, expect, it } from "@jest/globals";
import { Health } from "#src/lanes/health.ts";
import { BotenstoffError, type ErrorCode } from "#src/message/error-code.ts";
import type { Attempt } from "#src/pipeline/deliver/deliver.ts";
import type { DeliveryOutcome } from "#src/store/sql/deliveries.ts";
import { giveUp, giveUpReading } from "#src/pipeline/deliver/stopped.ts";

const HOUR = 3_600_000;
const AN_OUTCOME: DeliveryOutcome = {
  epoch: 0,
  messageId: "",
  kind: "text",
  destination: "chart",
  purpose: "file",
  filing: 1,
  state: "retrying",
  lastError: null,
  inDoubt: false,
  mappingVersion: null,
  sentSha256: null,
  receipt: null,
  confirmation: null,
  said: null,
  confirmInMs: null,
  ackOnly: false,
  afterFiledMs: 0,
};

function attempt(code: ErrorCode): Attempt {
  return { outcome: AN_OUTCOME, error: new BotenstoffError(code, "delivering") };
}

describe("a message that stops its conversation", () => {
  const after = (code: ErrorCode, hours: number, othersPass: boolean) =>
    giveUp(attempt(code), "chart", { forMs: hours * HOUR, mostMs: 4 * HOUR, othersPass }).outcome.state;

  it("is failed when its patient stays unknown to the destination for longer than the channel allows", () => {
    expect(after("PATIENT_NOT_YET_KNOWN", 3, false)).toBe("retrying");
    expect(after("PATIENT_NOT_YET_KNOWN", 5, false)).toBe("failed");
  });

  it.each<ErrorCode>(["DESTINATION_NO_ANSWER", "DESTINATION_BUSY"])(
    "is failed when it alone gets %s, and goes on being tried while nobody is answered",
    (code) => {
      expect(after(code, 5, true)).toBe("failed");
      expect(after(code, 500, false)).toBe("retrying");
      expect(after(code, 3, true)).toBe("retrying");
    },
  );

  it("is never failed for what concerns the way to the destination", () => {
    expect(after("DESTINATION_UNREACHABLE", 500, true)).toBe("retrying");
    expect(after("DESTINATION_UNAUTHORIZED", 500, true)).toBe("retrying");
  });
});

describe("a destination", () => {
  it("is told to be down once, after some failures over some time, and up once, with its first answer", () => {
    const health = new Health();
    const told = [0, 5_000, 9_000, 11_000, 12_000].map((at) => health.report(false, at));
    expect(told).toEqual([undefined, undefined, undefined, "down", undefined]);
    expect([health.up, health.answeredWithin(HOUR, 12_000)]).toEqual([false, false]);
    expect([health.report(true, 13_000), health.report(true, 14_000)]).toEqual(["up", undefined]);
    expect([health.up, health.answeredWithin(2_000, 15_000)]).toEqual([true, true]);
  });

  it("is not told to be down for one message that it does not answer while it answers others", () => {
    const health = new Health();
    const told = Array.from({ length: 30 }, (_, nth) => health.report(nth % 3 === 0, nth * 5_000));
    expect(new Set(told)).toEqual(new Set([undefined]));
  });
});

describe("a message that its destination accepted and does not show", () => {
  const after = (hours: number, unread?: ErrorCode) => {
    const outcome = { ...AN_OUTCOME, state: "accepted", lastError: "CONFIRMATION_MISSING: confirming" } as const;
    const read = { outcome, ...(unread && { unread: new BotenstoffError(unread, "reading") }) };
    return giveUpReading(read, { id: "chart", shownWithinMs: 24 * HOUR }, hours * HOUR);
  };

  it("is failed once that has lasted longer than the channel allows, and says so", () => {
    expect(after(23).outcome.state).toBe("accepted");
    expect(after(25)).toMatchObject({
      outcome: { state: "failed", confirmInMs: null, lastError: expect.stringMatching(/^CONFIRMATION_OVERDUE: /) },
      error: { code: "CONFIRMATION_OVERDUE" },
    });
  });

  it("is failed too where the destination refuses to be read, or does not answer", () => {
    expect(after(25, "DESTINATION_UNAUTHORIZED").outcome.state).toBe("failed");
    expect(after(25, "DESTINATION_NO_ANSWER").outcome.lastError).toMatch(/DESTINATION_NO_ANSWER/);
  });

  it("waits as long as its destination is away", () => {
    expect(after(25, "DESTINATION_UNREACHABLE").outcome.state).toBe("accepted");
    expect(after(25, "DESTINATION_UNTRUSTED").outcome.state).toBe("accepted");
  });
});
