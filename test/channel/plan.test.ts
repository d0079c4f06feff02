import { describe, expect, it } from "@jest/globals";
import type { Channel } from "#src/channel/channel.ts";
import { plan } from "#src/channel/plan.ts";

const channel = (id: string, digest: string, values = "") => ({ id, digest, values }) as Channel;

describe("planning a reload", () => {
  it("starts what is new, stops what is gone, replaces what changed and leaves the rest running", () => {
    const running = [channel("same", "1"), channel("changed", "1"), channel("gone", "1")];
    const wanted = [channel("same", "1"), channel("changed", "2"), channel("new", "1")];
    const { start, stop, keep, replace } = plan(running, wanted);
    expect(start).toEqual([wanted[2]]);
    expect(stop).toEqual([running[2]]);
    expect(keep[0]).toBe(running[0]);
    expect(replace).toEqual([{ from: running[1], to: wanted[1] }]);
  });

  it("replaces a channel of which only a secret changed", () => {
    const [from, to] = [channel("whatsapp", "1", "old secret"), channel("whatsapp", "1", "new secret")];
    expect(plan([from], [to]).replace).toEqual([{ from, to }]);
  });
});
