import { expect, it } from "@jest/globals";
import { patience } from "#src/lanes/patience.ts";
import { Permits } from "#src/lanes/permits.ts";

/** Permits of which so many works are taken or waited for. */
function occupied(works: number): Permits {
  const permits = new Permits(2);
  for (let work = 0; work < works; work += 1) void permits.run(() => new Promise(() => undefined));
  return permits;
}

it("a work alone waits for nobody to be booked, however long it took", () => {
  expect(patience(occupied(0), 1_000)).toBe(0);
});

it("a work beside others waits for half of what it took, be they at work or in the queue", () => {
  for (const works of [1, 3]) {
    expect(patience(occupied(works), 100)).toBe(50);
  }
});

it("no work waits longer than 200 ms", () => {
  expect(patience(occupied(1), 60_000)).toBe(200);
});

it("works that are done do not count", async () => {
  const permits = new Permits(1);
  await Promise.all([permits.run(async () => undefined), permits.run(async () => undefined)]);
  expect(permits.busy).toBe(0);
});
