import { describe, expect, test } from "@jest/globals";
import { createLargeGate } from "#src/attachments/large-gate.ts";

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe("the gate for large attachments", () => {
  test("lets one on at a time, in order, and never stops a small one", async () => {
    const gate = createLargeGate({ largeBytes: 10, places: 1 });
    const events: string[] = [];
    const ends = new Map<string, () => void>();
    const run = (name: string, bytes: number) =>
      gate.pass(async (moved) => {
        await moved(bytes);
        events.push(`${name} on`);
        await new Promise<void>((resolve) => ends.set(name, resolve));
        await moved(bytes);
      });
    const all = [run("first", 11), run("second", 11), run("third", 11), run("small", 5)];
    await soon();
    expect(events.toSorted()).toEqual(["first on", "small on"]);
    for (const name of ["first", "second", "third", "small"]) {
      ends.get(name)?.();
      await soon();
      await soon();
    }
    await Promise.all(all);
    expect(events.slice(2)).toEqual(["second on", "third on"]);
  });

  test("gives the place back after a failure", async () => {
    const gate = createLargeGate({ largeBytes: 1, places: 1 });
    const fail = gate.pass(async (moved) => {
      await moved(5);
      throw new Error("broken off");
    });
    await expect(fail).rejects.toThrow("broken off");
    await expect(gate.pass((moved) => moved(5))).resolves.toBeUndefined();
  });
});
