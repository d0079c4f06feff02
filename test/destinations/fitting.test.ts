import { Readable } from "node:stream";
import { expect, test } from "@jest/globals";
import { withDrawable, withinSize } from "#src/destinations/fitting.ts";
import { BotenstoffError } from "#src/message/error-code.ts";
import type { Fit } from "#src/message/mapping.ts";
import { Undrawable } from "#src/rendition/undrawable.ts";

const job = {
  messageId: "message",
  output: {} as Fit,
  fitted: (fit: Fit) => fit,
  lane: "lane",
  openBlob: () => Readable.from([]),
};
const told = () => {
  const events: string[] = [];
  return { events, count: (event: string) => void events.push(event), log: () => undefined };
};
const tooLarge = () => new BotenstoffError("DESTINATION_TOO_LARGE", "asking: answered 413");

test("what is taken as it is is rendered once", async () => {
  const { events, ...quiet } = told();
  expect(
    await withinSize(
      job,
      quiet,
      () => 9_000_000,
      (output, fit) => Promise.resolve([output, fit]),
    ),
  ).toEqual([...[{}, undefined]]);
  expect(events).toEqual([]);
});

test("what is refused for its size gets smaller until it is taken, in steps that change something", async () => {
  const { events, ...counting } = told();
  const tried: unknown[] = [];
  const takes = (most: number) => (output: unknown) => {
    tried.push(output);
    const { maxBytes = Number.POSITIVE_INFINITY } = output as Fit;
    return maxBytes <= most ? Promise.resolve("taken") : Promise.reject(tooLarge());
  };
  expect(await withinSize(job, counting, () => 1_500_000, takes(200_000))).toBe("taken");
  expect(tried).toEqual([{}, { maxBytes: 700_000 }, { maxBytes: 150_000 }]);
  expect(events).toEqual(["too_large"]);
  await expect(withinSize(job, counting, () => 1_500_000, takes(-1))).rejects.toMatchObject({
    code: "DESTINATION_TOO_LARGE",
  });
  expect(tried.at(-1)).toEqual({ maxBytes: 0 });
});

test("what has no attachment, and what fails for another reason, is tried once", async () => {
  const { events, ...counting } = told();
  for (const [largest, error] of [
    [0, tooLarge()],
    [9_000_000, new BotenstoffError("DESTINATION_BUSY", "asking: answered 503")],
  ] as const) {
    let tries = 0;
    const work = () => {
      tries += 1;
      return Promise.reject(error);
    };
    await expect(withinSize(job, counting, () => largest, work)).rejects.toBe(error);
    expect(tries).toBe(1);
  }
  expect(events).toEqual([]);
});

test("pictures that cannot be drawn become files, however small they are to be; one that stays undrawable fails", async () => {
  const { events, ...counting } = told();
  const broken = (ids: readonly string[]) => (output: unknown) => {
    const { undrawable = [] } = output as Fit;
    const left = ids.filter((id) => !undrawable.includes(id));
    return left.length === 0 ? Promise.resolve(output) : Promise.reject(new Undrawable(left, undefined));
  };
  expect(await withDrawable(job, counting, broken(["a", "b"]), { maxBytes: 700_000 })).toEqual({
    maxBytes: 700_000,
    undrawable: ["a", "b"],
  });
  const stubborn = () => Promise.reject(new Undrawable(["a"], undefined));
  await expect(withDrawable(job, counting, stubborn)).rejects.toMatchObject({ code: "MAPPING_FAILED" });
  expect(events).toEqual(["undrawable", "undrawable"]);
});
